//! A group of three MySQL servers on this machine, by Group Replication.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbErr, Statement, TryGetable};
use tokio::time::{Instant, sleep, timeout};

use crate::{OwnMySql, connect, database::try_connect, eventually_within, free_port};

/// How many servers a group has.
pub const MEMBERS: usize = 3;

/// The group's name; it is known on this machine alone.
const NAME: &str = "5ec0e75e-0000-4000-8000-000000000001";

/// Longest wait for a member to be where it should: a dead one is let go after ten seconds, and one
/// that comes back has to catch up.
const PATIENCE: Duration = Duration::from_mins(2);

/// Longest wait for an answer of one that may be frozen.
const ANSWER: Duration = Duration::from_secs(2);

/// How a group takes changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// At one server.
    SinglePrimary,
    /// At each of them.
    MultiPrimary,
}

/// Three servers.
pub struct Group {
    pub(super) mode: Mode,
    pub(super) servers: Vec<OwnMySql>,
    pub(super) ports: Vec<u16>,
}

impl Group {
    /// Starts the servers, and the group.
    pub async fn start(mode: Mode) -> Self {
        let ports: Vec<_> = (0..MEMBERS).map(|_| free_port()).collect();
        let talk: Vec<_> = (0..MEMBERS).map(|_| free_port()).collect();
        let mut servers = Vec::new();
        for at in 0..MEMBERS {
            let words = words(mode, at, &ports, &talk);
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            servers.push(OwnMySql::start(&words).await);
        }
        let group = Self {
            mode,
            servers,
            ports,
        };
        for at in 0..MEMBERS {
            group.prepare(at).await;
        }
        group
            .say(0, "SET GLOBAL group_replication_bootstrap_group = ON")
            .await;
        group.say(0, "START GROUP_REPLICATION").await;
        group
            .say(0, "SET GLOBAL group_replication_bootstrap_group = OFF")
            .await;
        for at in 1..MEMBERS {
            group.say(at, "START GROUP_REPLICATION").await;
        }
        group.whole().await;
        group
    }

    /// The account by which a member that comes back catches up; each server makes its own.
    async fn prepare(&self, at: usize) {
        let admin = connect(&self.servers[at].url()).await;
        for sql in PREPARE {
            admin.execute_unprepared(sql).await.unwrap();
        }
        admin.close().await.unwrap();
    }

    /// Says something to a server as its administrator.
    pub async fn say(&self, at: usize, sql: &str) {
        let admin = connect(&self.servers[at].url()).await;
        let said = admin.execute_unprepared(sql).await;
        said.unwrap_or_else(|error| panic!("server {at}: {sql}: {error}"));
        admin.close().await.unwrap();
    }

    /// The one value that a query gives; nothing from one that does not answer.
    pub async fn ask<T: TryGetable>(&self, at: usize, sql: &str) -> Option<T> {
        let asking = async {
            let admin = try_connect(&self.servers[at].url()).await?;
            let statement = Statement::from_string(admin.get_database_backend(), sql);
            let row = admin.query_one_raw(statement).await.ok()??;
            let value = row.try_get_by_index(0).ok();
            admin.close().await.ok();
            value
        };
        timeout(ANSWER, asking).await.ok().flatten()
    }

    /// The servers that take changes now, as they say themselves.
    pub async fn writable(&self) -> Vec<usize> {
        let mut writable = Vec::new();
        for at in 0..MEMBERS {
            let is_writable = "SELECT CAST(@@global.super_read_only AS SIGNED)";
            if self.ask::<i64>(at, is_writable).await == Some(0) {
                writable.push(at);
            }
        }
        writable
    }

    /// The first of those.
    pub async fn primary(&self) -> usize {
        eventually_within(PATIENCE, "a primary", async || {
            self.writable().await.first().copied()
        })
        .await
    }

    /// Waits until every server is in the group, and has what the others have.
    pub async fn whole(&self) {
        eventually_within(PATIENCE, "a whole group", async || {
            self.are_all_online().await.then_some(())
        })
        .await;
        // One that stood still believes for a moment that it is in the group.
        eventually_within(PATIENCE, "servers that caught up", async || {
            for (at, other) in
                (0..MEMBERS).flat_map(|at| (0..MEMBERS).map(move |other| (at, other)))
            {
                let done: String = self.ask(other, "SELECT @@global.gtid_executed").await?;
                let has =
                    format!("SELECT CAST(GTID_SUBSET('{done}', @@global.gtid_executed) AS SIGNED)");
                if self.ask::<i64>(at, &has).await != Some(1) {
                    return None;
                }
            }
            Some(())
        })
        .await;
        eventually_within(PATIENCE, "a whole group", async || {
            self.are_all_online().await.then_some(())
        })
        .await;
    }

    /// Whether each says that all of them are in the group.
    async fn are_all_online(&self) -> bool {
        let online = "SELECT COUNT(*) FROM performance_schema.replication_group_members \
                      WHERE member_state = 'ONLINE'";
        for at in 0..MEMBERS {
            if self.ask::<i64>(at, online).await != Some(3) {
                return false;
            }
        }
        true
    }

    /// A server that was killed, or was let go by the others, comes back.
    pub async fn rejoin(&self, at: usize) {
        let state = "SELECT member_state FROM performance_schema.replication_group_members \
                     WHERE member_id = @@server_uuid";
        let until = Instant::now() + PATIENCE;
        let mut said = Ok(());
        loop {
            match self.ask::<String>(at, state).await.as_deref() {
                Some("ONLINE") => return,
                Some("RECOVERING") | None => {}
                // Each try before that has the others wait for the one of before again.
                Some(_) if self.is_let_go(at).await => said = self.start_again(at).await,
                Some(_) => {}
            }
            assert!(
                Instant::now() < until,
                "server {at} does not join again: {said:?}\n{}",
                self.servers[at].errors()
            );
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// Whether none of the others counts it among them any more.
    async fn is_let_go(&self, at: usize) -> bool {
        let port = self.ports[at];
        let counts = format!(
            "SELECT COUNT(*) FROM performance_schema.replication_group_members \
             WHERE member_port = {port}"
        );
        for other in (0..MEMBERS).filter(|other| *other != at) {
            if self.ask::<i64>(other, &counts).await != Some(0) {
                return false;
            }
        }
        true
    }

    async fn start_again(&self, at: usize) -> Result<(), DbErr> {
        let admin = connect(&self.servers[at].url()).await;
        for sql in ["STOP GROUP_REPLICATION", "SET GLOBAL offline_mode = OFF"] {
            admin.execute_unprepared(sql).await?;
        }
        admin.execute_unprepared("START GROUP_REPLICATION").await?;
        admin.close().await
    }
}

const PREPARE: [&str; 5] = [
    "SET SQL_LOG_BIN = 0",
    "CREATE USER catch_up@'%' IDENTIFIED BY 'catch_up'",
    "GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* \
     TO catch_up@'%'",
    "SET SQL_LOG_BIN = 1",
    "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'catch_up', SOURCE_PASSWORD = 'catch_up' \
     FOR CHANNEL 'group_replication_recovery'",
];

/// What a server is told besides the usual; `loose` for the call that makes its data folder.
fn words(mode: Mode, at: usize, ports: &[u16], talk: &[u16]) -> Vec<String> {
    let seeds: Vec<_> = talk
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    let on_off = |on: bool| if on { "ON" } else { "OFF" };
    let is_single = mode == Mode::SinglePrimary;
    let loose = [
        format!("group-name={NAME}"),
        "start-on-boot=OFF".to_owned(),
        format!("local-address={}", seeds[at]),
        format!("group-seeds={}", seeds.join(",")),
        "recovery-get-public-key=ON".to_owned(),
        format!("single-primary-mode={}", on_off(is_single)),
        format!("enforce-update-everywhere-checks={}", on_off(!is_single)),
    ];
    let loose = loose.map(|word| format!("--loose-group-replication-{word}"));
    let mut words = vec![
        format!("--port={}", ports[at]),
        format!("--server-id={}", at + 1),
        "--gtid-mode=ON".to_owned(),
        "--enforce-gtid-consistency=ON".to_owned(),
        "--report-host=127.0.0.1".to_owned(),
        format!("--report-port={}", ports[at]),
        "--plugin-load-add=group_replication.so".to_owned(),
        "--innodb-buffer-pool-size=32M".to_owned(),
    ];
    words.extend(loose);
    words
}
