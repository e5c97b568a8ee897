//! The several hosts of a cluster: which of them takes changes, and going over to it.
//!
//! A host is asked as one that belongs to its group: it answers once it has applied what the group
//! had decided before, and not at all while the group has no majority. Errors of the programs'
//! own statements have the hosts looked at; beyond that only a look now and then notices a host
//! that answers, and takes no changes any more.

use std::{sync::Arc, time::Duration};

use sea_orm::sqlx::{self, ConnectOptions as _, MySqlConnection, Row as _};
use tokio::{
    task::{AbortHandle, JoinSet},
    time::{sleep, timeout},
};

use super::{StoreError, connecting, database_url::DatabaseUrl, line::Line, membership};

/// How often the host in use is asked when nothing went wrong.
const LOOK_EVERY: Duration = Duration::from_secs(4);

/// The pause after a look, whatever came of it: errors may come by the hundred.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Longest wait for a host's answer.
pub(super) const LOOK_PATIENCE: Duration = Duration::from_secs(3);

/// The next host is asked so much later, so that the one before it comes first if both are fine.
const HEAD_START: Duration = Duration::from_millis(300);

/// The hosts of a URL.
#[derive(Clone)]
pub(super) struct Hosts {
    url: DatabaseUrl,
}

/// A host that takes changes, and the connection that it was asked over.
pub(super) struct Found {
    at: usize,
    asked_over: MySqlConnection,
}

impl Hosts {
    /// Those of a URL that has several.
    pub(super) fn of(url: &DatabaseUrl) -> Option<Self> {
        (url.for_driver().len() > 1).then(|| Self { url: url.clone() })
    }

    /// The first host that takes changes; which of them are asked first, `favorite` says.
    pub(super) async fn find(&self, favorite: usize) -> Result<Found, StoreError> {
        let mut asked = JoinSet::new();
        let count = self.url.for_driver().len();
        let others = (0..count).filter(|&at| at != favorite);
        for (place, at) in std::iter::once(favorite).chain(others).enumerate() {
            let hosts = self.clone();
            asked.spawn(async move {
                sleep(HEAD_START * u32::try_from(place).unwrap_or(u32::MAX)).await;
                hosts
                    .ask(at)
                    .await
                    .map(|asked_over| Found { at, asked_over })
            });
        }
        let mut told: Option<StoreError> = None;
        while let Some(answer) = asked.join_next().await {
            match answer.unwrap_or(Err(StoreError::Unreachable)) {
                Ok(found) => return Ok(found),
                // What a host that answers says tells more than that another one does not.
                Err(error)
                    if told
                        .as_ref()
                        .is_none_or(|told| *told == StoreError::Unreachable) =>
                {
                    told = Some(error);
                }
                Err(_) => {}
            }
        }
        Err(told.unwrap_or(StoreError::Unreachable))
    }

    /// Connects to one of them and asks whether it takes changes.
    async fn ask(&self, at: usize) -> Result<MySqlConnection, StoreError> {
        let asking = async {
            let mut connection = self.connect(at).await?;
            membership::be_up_to_date(&mut connection).await?;
            takes_changes(&mut connection).await?;
            Ok(connection)
        };
        let answer = timeout(LOOK_PATIENCE, asking).await;
        answer.unwrap_or(Err(StoreError::Unreachable))
    }

    pub(super) async fn connect(&self, at: usize) -> Result<MySqlConnection, StoreError> {
        let connection = connecting::mysql(&self.url, at)?.connect().await;
        connection.map_err(|error| StoreError::of_connecting(&error))
    }

    fn name(&self, at: usize) -> &str {
        self.url.host_names().nth(at).unwrap_or_default()
    }
}

impl Found {
    /// Which URL's it is.
    pub(super) const fn at(&self) -> usize {
        self.at
    }
}

/// Beside that, a question with a table that everybody sees: those without are answered before the
/// group was asked. Whether the tables and doors are there is not the host's to be blamed for.
async fn takes_changes(connection: &mut MySqlConnection) -> Result<(), StoreError> {
    membership::has_its_part(connection).await?;
    let question = "SELECT @@global.read_only FROM information_schema.schemata LIMIT 1";
    let answer = sqlx::query(question).fetch_one(connection).await;
    let answer = answer.map_err(|error| StoreError::of_statement(&error))?;
    match answer.try_get::<i64, _>(0) {
        Ok(0) => Ok(()),
        Ok(_) => Err(StoreError::ReadOnly),
        Err(_) => Err(StoreError::Unreadable {
            column: "read_only",
        }),
    }
}

/// Keeps a line at a host that takes changes, until it is dropped.
pub(super) struct Keeper(AbortHandle);

impl Keeper {
    pub(super) fn start(hosts: Hosts, line: Arc<Line>, found: Found) -> Self {
        let watch = Watch {
            hosts,
            line,
            at: found.at,
            asked_over: Some(found.asked_over),
            is_told: false,
        };
        Self(tokio::spawn(watch.keep()).abort_handle())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Watch {
    hosts: Hosts,
    line: Arc<Line>,
    /// The host in use.
    at: usize,
    /// The connection to it that it is asked over.
    asked_over: Option<MySqlConnection>,
    /// Whether operators were told that no host takes changes.
    is_told: bool,
}

impl Watch {
    async fn keep(mut self) {
        let doubt = self.line.doubt();
        loop {
            let is_well = self.look().await;
            sleep(LOOK_AGAIN).await;
            if is_well {
                timeout(LOOK_EVERY, doubt.notified()).await.ok();
            }
        }
    }

    /// Whether there is a host that takes changes, and is used.
    async fn look(&mut self) -> bool {
        if self.is_as_it_was().await {
            return true;
        }
        match self.hosts.find(self.at).await {
            Ok(found) if found.at == self.at => {
                self.asked_over = Some(found.asked_over);
                if std::mem::take(&mut self.is_told) {
                    tracing::info!(
                        host = self.hosts.name(self.at),
                        "DATABASE_URL: a host takes changes again"
                    );
                }
                true
            }
            Ok(found) => self.go_over(found).await,
            Err(error) => {
                if !std::mem::replace(&mut self.is_told, true) {
                    tracing::warn!(%error, "DATABASE_URL: none of its hosts takes changes");
                }
                false
            }
        }
    }

    async fn is_as_it_was(&mut self) -> bool {
        let Some(mut connection) = self.asked_over.take() else {
            return false;
        };
        let asked = takes_changes(&mut connection);
        let is_well = matches!(timeout(LOOK_PATIENCE, asked).await, Ok(Ok(())));
        if is_well {
            self.asked_over = Some(connection);
        }
        is_well
    }

    async fn go_over(&mut self, found: Found) -> bool {
        let Ok(connections) = connecting::to_host(&self.hosts.url, found.at).await else {
            return false;
        };
        self.line.go_over(connections);
        tracing::warn!(
            from = self.hosts.name(self.at),
            to = self.hosts.name(found.at),
            "DATABASE_URL: went over to another of its hosts"
        );
        self.at = found.at;
        self.asked_over = Some(found.asked_over);
        self.is_told = false;
        true
    }
}
