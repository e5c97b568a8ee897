//! What the database can answer, reduced to what callers decide by.
//!
//! The driver's own texts can quote values of a row, so none of them is kept.

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, mysql::MySqlDatabaseError},
};

use crate::{crypto::NoEntropy, domain::certificate::CertificateFault};

/// Why an operation on the store did not come about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached, or gave no connection in time. Nothing was changed.
    #[error("the database can't be reached")]
    Unreachable,
    /// The database does not take the account. Nothing was changed.
    #[error(
        "the database refuses the account: check user name and password, and from which hosts it may \
         connect (code {code})"
    )]
    AccountRefused {
        /// The engine's error number.
        code: u16,
    },
    /// The server is there, the database is not.
    #[error("the server has no database of this name, or the account may not use it")]
    NoDatabase,
    /// The server can't prove who it is.
    #[error(
        "the database can't prove who it is: {0}; a private authority is named by ?ssl-ca=..., and the \
         server by a host name that its certificate is for"
    )]
    Untrusted(CertificateFault),
    /// TLS did not come about.
    #[error("the database offers no TLS, or none that fits")]
    NoTls,
    /// Another transaction holds what this one needs, or the statement was ended before its time.
    /// Nothing was changed.
    #[error("the database is busy (code {code})")]
    Busy {
        /// The engine's error number.
        code: String,
    },
    /// The database takes no changes just now: a replica, or one that an operator set so.
    #[error("the database is read-only")]
    ReadOnly,
    /// There is no room left for what was to be written. Nothing was changed.
    #[error("the database has no room left: its disk or a size limit is full")]
    Full,
    /// The database undid this transaction to break a deadlock. Nothing was changed.
    #[error("the database broke a deadlock")]
    Deadlock,
    /// Another server of a cluster was faster at what this one was about to commit. Nothing was
    /// changed.
    #[error("another server of the cluster was faster")]
    Outrun,
    /// The server has no part in its cluster: it lost the others, or left them, or has not caught
    /// up with them. A COMMIT that ended so may have been made all the same.
    #[error("the database server has no part in its cluster just now (code {code})")]
    Apart {
        /// The engine's error number.
        code: u16,
    },
    /// A row with the same unique key is there. Nothing was changed.
    #[error("the row is there already")]
    Duplicate,
    /// COMMIT was sent and its answer never came: the change was made, or it wasn't.
    #[error("whether the change was made is not known")]
    CommitUnknown,
    /// The row is not in the state that this change starts from, or another worker has it now.
    #[error("the row is no longer in the state expected")]
    Stale,
    /// The database's clock jumped, or differs from this host's: nothing is destroyed for its age.
    #[error("the database's clock can't be trusted just now")]
    ClockUnsound,
    /// A row holds what this version does not understand.
    #[error("column {column} holds an unknown value")]
    Unreadable {
        /// The column's name.
        column: &'static str,
    },
    /// The database refused the statement.
    #[error("the database refused the statement (code {code})")]
    Refused {
        /// The engine's error number, or a word where there is none.
        code: String,
    },
    /// The operating system gave no random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

impl StoreError {
    /// Whether the same may work in a moment.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::AccountRefused { .. }
                | Self::NoDatabase
                | Self::Untrusted(_)
                | Self::NoTls
                | Self::Busy { .. }
                | Self::ReadOnly
                | Self::Full
                | Self::Deadlock
                | Self::Outrun
                | Self::Apart { .. }
                | Self::CommitUnknown
                | Self::ClockUnsound
        )
    }

    /// Whether it can be for the host that was asked, so that another one may do.
    pub(super) const fn may_be_the_hosts(&self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::AccountRefused { .. }
                | Self::NoDatabase
                | Self::Untrusted(_)
                | Self::NoTls
                | Self::ReadOnly
                | Self::Full
                | Self::Apart { .. }
                | Self::CommitUnknown
        )
    }

    /// Why there is no connection of the pool's.
    pub(super) fn of_connecting(error: &sqlx::Error) -> Self {
        classify_connecting(error)
    }

    /// As an error of the driver's, for what takes no other; [`Self::of`] gives it back.
    pub(super) fn into_driver(self) -> DbErr {
        let carried = sqlx::Error::Configuration(Box::new(self));
        DbErr::Conn(RuntimeErr::SqlxError(carried.into()))
    }

    /// Why a statement did not come about.
    pub(super) fn of_statement(error: &sqlx::Error) -> Self {
        classify(error)
    }
}

/// Whether an answer proves that the call did nothing and won't: only what the server says of a
/// call that it undid, or did not begin. What a proxy makes up, or is said of a COMMIT that may
/// count all the same, does not.
pub(super) fn proves_undone(error: &sqlx::Error) -> bool {
    let number = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>())
        .map(MySqlDatabaseError::number);
    matches!(
        number,
        // Lock wait timeout, deadlock, table full, a read-only server.
        Some(
            1205 | 1213 | 1114 | 1290 | 1792 | 1836
        // No such database, table, column or procedure, or no right to it; its definer is gone.
        | 1044 | 1054 | 1142 | 1143 | 1146 | 1305 | 1370 | 1449
        )
    )
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::of(&error)
    }
}

impl StoreError {
    /// The same of an error that others want too.
    pub(super) fn of(error: &DbErr) -> Self {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(inner)) => classify_connecting(inner),
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unreachable,
            DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => classify(inner),
            _ => Self::Refused {
                code: "client".to_owned(),
            },
        }
    }
}

/// Why there is no connection.
fn classify_connecting(error: &sqlx::Error) -> StoreError {
    if let Some(mysql) = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>())
    {
        return match mysql.number() {
            // Wrong password; may not use the database; wrong plugin; locked; password expired.
            code @ (1045 | 1698 | 3118 | 1862 | 1130 | 3159) => StoreError::AccountRefused { code },
            1044 | 1049 => StoreError::NoDatabase,
            _ => StoreError::Unreachable,
        };
    }
    match error {
        sqlx::Error::Configuration(carried) => match carried.downcast_ref::<StoreError>() {
            Some(error) => error.clone(),
            None => StoreError::Unreachable,
        },
        sqlx::Error::Tls(_) => StoreError::NoTls,
        sqlx::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(fault)) => StoreError::Untrusted(fault.into()),
            Some(_) => StoreError::NoTls,
            None => StoreError::Unreachable,
        },
        _ => StoreError::Unreachable,
    }
}

fn classify(error: &sqlx::Error) -> StoreError {
    let Some(answer) = error.as_database_error() else {
        return match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => StoreError::Unreachable,
            _ => StoreError::Refused {
                code: "driver".to_owned(),
            },
        };
    };
    if answer.is_unique_violation() {
        return StoreError::Duplicate;
    }
    if let Some(mysql) = answer.try_downcast_ref::<MySqlDatabaseError>() {
        return match mysql.number() {
            // Got error 149 during COMMIT: "Lock deadlock; Retry transaction".
            1180 if mysql.message().contains("149") => StoreError::Outrun,
            number => classify_mysql(number),
        };
    }
    let code = answer.code().unwrap_or_default().into_owned();
    match code.parse::<i32>().map(|code| code & 0xff) {
        // SQLite's primary result codes BUSY and LOCKED; the extended ones share the low byte.
        Ok(5 | 6) => StoreError::Busy { code },
        Ok(8) => StoreError::ReadOnly,
        // FULL, and an input or output error: the same on a file system that has no room.
        Ok(10 | 13) => StoreError::Full,
        _ => StoreError::Refused { code },
    }
}

/// MySQL's error numbers:
/// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>.
fn classify_mysql(number: u16) -> StoreError {
    match number {
        1213 => StoreError::Deadlock,
        // Group Replication certified another's change of the same row.
        3101 => StoreError::Outrun,
        // Lock wait timeout, and NOWAIT; ended by an administrator (also on the way to a failover),
        // and by a time limit.
        1205 | 3572 | 1317 | 3024 => StoreError::Busy {
            code: number.to_string(),
        },
        // Disk full, table full.
        1021 | 1114 => StoreError::Full,
        // A read-only server, in its three wordings.
        1290 | 1792 | 1836 => StoreError::ReadOnly,
        // Too many connections; server shutting down, or taken off line; a session that said
        // nothing for too long was ended.
        1040 | 1053 | 3032 | 4031 => StoreError::Unreachable,
        // Group Replication let go of a COMMIT as its member left, or is not as far as a session
        // wants it; Galera has no majority.
        code @ (3100 | 3796..=3799 | 1047) => StoreError::Apart { code },
        _ => StoreError::Refused {
            code: number.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_tried_again_is_told_apart() {
        assert_eq!(classify_mysql(1213), StoreError::Deadlock);
        assert_eq!(classify_mysql(3101), StoreError::Outrun);
        assert_eq!(classify_mysql(3100), StoreError::Apart { code: 3100 });
        assert!(StoreError::ReadOnly.may_be_the_hosts());
        assert!(!StoreError::Outrun.may_be_the_hosts());
        assert_eq!(
            classify_mysql(1205),
            StoreError::Busy {
                code: "1205".into()
            }
        );
        assert!(classify_mysql(1317).is_passing());
        assert_eq!(classify_mysql(1114), StoreError::Full);
        assert_eq!(classify_mysql(1290), StoreError::ReadOnly);
        assert_eq!(classify_mysql(1040), StoreError::Unreachable);
        assert_eq!(classify_mysql(4031), StoreError::Unreachable);
        assert_eq!(
            classify_mysql(1142),
            StoreError::Refused {
                code: "1142".into()
            }
        );
        assert_eq!(
            classify(&sqlx::Error::PoolTimedOut),
            StoreError::Unreachable
        );
    }
}
