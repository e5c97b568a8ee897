//! Whether a database is what this version works with: its tables, and on MySQL its doors.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Statement};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Database, StoreError, audit::door::AUDIT, database::first_of, database_url::DatabaseUrl,
    door::Argument, doors, probes::SCHEMA, sqlite_files::LooseFiles,
};
use crate::domain::program::Program;

/// The last migration that this version's statements rely on.
pub const REQUIRED_MIGRATION: &str = "m20261128_000019_reminders";

/// How long a program waits at its start for its database.
const START_PATIENCE: Duration = Duration::from_mins(1);

/// The pause between two tries at the start.
const START_RETRY: Duration = Duration::from_secs(2);

impl Database {
    /// Connects at a program's start: waits for a database that is still starting, and checks the
    /// tables. Gives up after [`START_PATIENCE`], or when told to stop.
    pub async fn open(
        url: &DatabaseUrl,
        program: Program,
        stop: &CancellationToken,
    ) -> Result<Self, SchemaError> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            let error = match Box::pin(Self::connect(url, program)).await {
                Ok(database) => match database.check_schema().await {
                    Ok(()) => {
                        warn_of_loose_files(url);
                        return Ok(database);
                    }
                    Err(SchemaError::Store(error)) => error,
                    Err(error) => return Err(error),
                },
                Err(error) => error,
            };
            let out_of_time = Instant::now() + START_RETRY > deadline;
            if out_of_time || stop.is_cancelled() {
                return Err(SchemaError::Store(error));
            }
            tracing::warn!(
                %error,
                again_in_seconds = START_RETRY.as_secs(),
                "DATABASE_URL: no database there yet, trying again"
            );
            stop.run_until_cancelled(tokio::time::sleep(START_RETRY))
                .await;
        }
    }

    /// Checks that the tables are those that this version works with, or newer ones; behind doors,
    /// that each of them is there, open, and does what it is meant to.
    pub async fn check_schema(&self) -> Result<(), SchemaError> {
        if self.is_behind_doors() {
            self.check_doors().await?;
            return self.check_by_door().await;
        }
        self.check_tables().await?;
        if self.is_mysql() {
            self.check_doors().await?;
        }
        Ok(())
    }

    async fn check_tables(&self) -> Result<(), SchemaError> {
        let statement = Statement::from_sql_and_values(
            self.connection().get_database_backend(),
            "SELECT version FROM seaql_migrations WHERE version = ?",
            [REQUIRED_MIGRATION.into()],
        );
        match self.connection().query_one_raw(statement).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(SchemaError::TooOld),
            Err(error) => match StoreError::from(error) {
                StoreError::Refused { .. } => Err(SchemaError::TooOld),
                other => Err(SchemaError::Store(other)),
            },
        }
    }

    async fn check_doors(&self) -> Result<(), SchemaError> {
        let wrong = doors::wrong(self, self.program()).await?;
        if !wrong.closed.is_empty() {
            return Err(SchemaError::DoorsClosed(wrong.closed.join(", ")));
        }
        if !wrong.foreign.is_empty() {
            return Err(SchemaError::DoorsForeign(wrong.foreign.join(", ")));
        }
        Ok(())
    }

    async fn check_by_door(&self) -> Result<(), SchemaError> {
        let row = match self
            .enter(&SCHEMA, [Argument::text(REQUIRED_MIGRATION)])
            .await
        {
            Err(StoreError::Refused { code }) if code == "1449" => {
                return Err(SchemaError::NoDefiner);
            }
            Err(StoreError::Refused { .. }) => return Err(SchemaError::TooOld),
            row => row?,
        };
        let applied: i64 = first_of(row.as_ref(), "applied")?;
        let is_sysdate_now: i64 = first_of(row.as_ref(), "is_sysdate_now")?;
        let inner: i64 = first_of(row.as_ref(), "inner_doors")?;
        if inner == 0 {
            return Err(SchemaError::DoorsClosed(AUDIT.name.to_owned()));
        }
        match (applied, is_sysdate_now) {
            (0, _) => Err(SchemaError::TooOld),
            (_, 0) => Ok(()),
            _ => Err(SchemaError::SysdateIsNow),
        }
    }
}

fn warn_of_loose_files(url: &DatabaseUrl) {
    if let Some(files) = LooseFiles::of(url) {
        tracing::warn!(
            %files,
            "others than their owner can read or change the database's files: chmod 600 them, and run all \
             programs as that owner"
        );
    }
}

/// Why the tables can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Migrations are missing.
    #[error("the database's tables are missing or too old: run `secure-secret-migrate up`")]
    TooOld,
    /// Stored procedures are missing, or their account is another one.
    #[error(
        "the database's stored procedures {0} are missing, or this account may not call them: run \
         `secure-secret-migrate up --grant`"
    )]
    DoorsClosed(String),
    /// Stored procedures run with the rights of somebody who is not asked to.
    #[error(
        "the database's stored procedures {0} are not the migrating account's like the others, or run \
         with their caller's rights: run `secure-secret-migrate up --grant`"
    )]
    DoorsForeign(String),
    /// The account that made the stored procedures is gone.
    #[error(
        "the account that made the database's stored procedures is gone or lost its rights: run \
         `secure-secret-migrate up --grant` with the one that is there now"
    )]
    NoDefiner,
    /// The server's clock can be set by everybody who may call a procedure.
    #[error(
        "the MySQL server runs with sysdate-is-now, by which every account could set the clock that \
         secrets expire by: take it out of the server's options"
    )]
    SysdateIsNow,
    /// The question could not be asked.
    #[error("DATABASE_URL: {0}")]
    Store(#[from] StoreError),
}
