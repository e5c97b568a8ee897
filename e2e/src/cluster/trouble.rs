//! What happens to a server of the group while people press.

use std::time::Duration;

use sea_orm::ConnectionTrait as _;
use tokio::time::sleep;

use super::group::{Group, MEMBERS, Mode};
use crate::connect;

/// Longer than the others take to let go of one that says nothing.
const LET_GO: Duration = Duration::from_secs(15);

/// How long something lasts that heals by itself.
const WHILE: Duration = Duration::from_secs(6);

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing.
    Nothing,
    /// A server is killed, the primary where there is one.
    Killed,
    /// Another server takes the primary's place; without one a server leaves the group.
    Switched,
    /// A server does not apply what the others decide.
    Lags,
    /// The same with the one that takes the place of a primary that is killed.
    LagsAndTakesOver,
    /// A server stands still until the others let go of it.
    StandsStill,
    /// A server has lost sight of both others, for so short that none is let go.
    Alone,
}

impl Trouble {
    /// What can happen to a group.
    #[must_use]
    pub fn all(mode: Mode) -> Vec<Self> {
        let mut all = vec![
            Self::Nothing,
            Self::Killed,
            Self::Switched,
            Self::Lags,
            Self::StandsStill,
            Self::Alone,
        ];
        if mode == Mode::SinglePrimary {
            all.insert(4, Self::LagsAndTakesOver);
        }
        all
    }

    /// In a few words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Killed => "one killed",
            Self::Switched => "another primary, or one leaves",
            Self::Lags => "one lags",
            Self::LagsAndTakesOver => "one lags and takes over",
            Self::StandsStill => "one stands still",
            Self::Alone => "one alone for a while",
        }
    }

    /// Has it happen, and waits until the group is whole again.
    pub async fn strike(self, group: &mut Group, database: &str) {
        let first = group.primary().await;
        let next = (first + 1) % MEMBERS;
        match self {
            Self::Nothing => {}
            Self::Killed => kill(group, first).await,
            Self::Switched if group.mode == Mode::SinglePrimary => switch(group, next).await,
            Self::Switched => {
                group.say(first, "STOP GROUP_REPLICATION").await;
                sleep(WHILE).await;
                group.rejoin(first).await;
            }
            Self::Lags => lag(group, next, database).await,
            Self::LagsAndTakesOver => lag_and_take_over(group, first, next, database).await,
            Self::StandsStill => {
                group.servers[first].freeze().await;
                sleep(LET_GO).await;
                group.servers[first].thaw().await;
                group.rejoin(first).await;
            }
            Self::Alone => {
                let others = [next, (next + 1) % MEMBERS];
                for other in others {
                    group.servers[other].freeze().await;
                }
                sleep(WHILE).await;
                for other in others {
                    group.servers[other].thaw().await;
                }
                for at in 0..MEMBERS {
                    group.rejoin(at).await;
                }
            }
        }
        group.whole().await;
    }
}

async fn kill(group: &mut Group, at: usize) {
    group.servers[at].kill().await;
    sleep(LET_GO).await;
    group.servers[at].run().await;
    group.rejoin(at).await;
}

async fn switch(group: &Group, to: usize) {
    let id: String = group.ask(to, "SELECT @@server_uuid").await.unwrap();
    group
        .say(
            to,
            &format!("SELECT group_replication_set_as_primary('{id}')"),
        )
        .await;
}

/// Whoever applies changes of this table waits.
async fn lag(group: &Group, at: usize, database: &str) {
    let session = connect(&group.servers[at].url()).await;
    let lock = format!("LOCK TABLES {database}.secrets READ");
    session.execute_unprepared(&lock).await.unwrap();
    sleep(WHILE).await;
    session.close().await.unwrap();
}

async fn lag_and_take_over(group: &mut Group, first: usize, next: usize, database: &str) {
    for at in 0..MEMBERS {
        let weight = if at == next { 90 } else { 10 };
        let say = format!("SET GLOBAL group_replication_member_weight = {weight}");
        group.say(at, &say).await;
    }
    let session = connect(&group.servers[next].url()).await;
    let lock = format!("LOCK TABLES {database}.secrets READ");
    session.execute_unprepared(&lock).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    group.servers[first].kill().await;
    sleep(LET_GO).await;
    session.close().await.unwrap();
    group.servers[first].run().await;
    group.rejoin(first).await;
}
