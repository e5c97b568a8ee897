//! What the hosts of a cluster say of themselves, for doctor.

use sea_orm::sqlx::{self, AssertSqlSafe, MySqlConnection, Row as _};
use tokio::time::timeout;

use super::{
    StoreError,
    database_url::DatabaseUrl,
    hosts::{Hosts, LOOK_PATIENCE},
    membership,
};

/// What every account may read of a server; one without Group Replication knows the first alone.
const READ_ONLY: &str = "SELECT CAST(@@global.read_only AS CHAR)";
const GROUP: &str = "SELECT CONCAT_WS(' ', @@global.group_replication_group_name, \
                     @@global.group_replication_consistency)";

/// One host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// As the URL names it.
    pub name: String,
    /// How it is, or why it did not say so.
    pub standing: Result<Standing, StoreError>,
}

/// How a host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it takes changes.
    pub takes_changes: bool,
    /// Its group's name and `group_replication_consistency`, where it is made for one.
    pub group: Option<(String, String)>,
}

/// Asks each host of a URL that has several; of another URL there are none.
pub async fn hosts(url: &DatabaseUrl) -> Vec<Host> {
    let Some(of_url) = Hosts::of(url) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (at, name) in url.host_names().enumerate() {
        let asked = timeout(LOOK_PATIENCE, standing(&of_url, at)).await;
        all.push(Host {
            name: name.to_owned(),
            standing: asked.unwrap_or(Err(StoreError::Unreachable)),
        });
    }
    all
}

async fn standing(of_url: &Hosts, at: usize) -> Result<Standing, StoreError> {
    let mut connection = of_url.connect(at).await?;
    membership::has_its_part(&mut connection).await?;
    let read_only = text(&mut connection, READ_ONLY).await?;
    let group = text(&mut connection, GROUP).await.ok();
    let group = group.and_then(|group| {
        let (name, consistency) = group.split_once(' ')?;
        Some((name.to_owned(), consistency.to_owned()))
    });
    Ok(Standing {
        takes_changes: read_only == "0",
        group: group.filter(|(name, _)| !name.is_empty()),
    })
}

async fn text(connection: &mut MySqlConnection, question: &str) -> Result<String, StoreError> {
    let question = sqlx::query(AssertSqlSafe(question));
    let row = question.fetch_one(connection).await;
    let row = row.map_err(|error| StoreError::of_statement(&error))?;
    row.try_get(0)
        .map_err(|error| StoreError::of_statement(&error))
}
