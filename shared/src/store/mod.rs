//! Every way to a secret's row. One file an operation; each is one transaction.
//!
//! What reveal-web does is in [`look`], [`burn`], [`expire`] (on access), [`loss`], [`reuse`],
//! [`denied`], [`key_rings`] and `probes.rs`, each as a transaction for SQLite and as a stored
//! procedure for MySQL ([`doors`]); the rest is the bot's.

pub mod alerts;
pub mod audit;
pub mod backlog;
pub mod bad_rows;
pub mod bots;
pub mod burn;
pub mod changes;
pub mod claim;
pub mod clock_watch;
pub mod cluster;
mod connecting;
pub mod create;
mod database;
pub mod database_url;
pub mod deliveries;
pub mod denied;
pub mod dispute;
mod door;
pub mod doors;
pub mod end_all;
mod entity;
mod error;
pub mod expire;
pub mod grants;
pub mod habits;
pub mod held;
mod hosts;
pub mod installation;
pub mod issue;
pub mod key_rings;
pub mod later;
mod line;
pub mod links;
pub mod look;
pub mod loss;
mod membership;
mod mysql_pool;
pub mod presses;
mod probes;
pub mod purge;
pub mod rehearsal;
pub mod remind;
pub mod reuse;
pub mod rights;
mod schema;
pub mod send_again;
mod session;
pub mod settle;
pub mod sqlite_files;
mod state;
mod statement;
pub mod submissions;
pub mod survey;
pub mod take_back;
pub mod untold;
pub mod url_hosts;
pub mod view_checks;

pub use database::Database;
pub use door::Door;
pub use error::StoreError;
pub use schema::{REQUIRED_MIGRATION, SchemaError};
pub use session::SQL_MODE;
pub use state::{DISPUTABLE_FOR, Ended, Ending, FailureReason, RevokedBy};
