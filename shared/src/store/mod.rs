//! Every way to a secret's row. One file an operation; each is one transaction.
//!
//! What reveal-web's account may run is in [`look`], [`burn`], [`reuse`], [`key_rings`], and
//! [`expire`] (on access); the rest is the bot's.

pub mod audit;
pub mod backlog;
pub mod bad_rows;
pub mod bots;
pub mod burn;
pub mod changes;
pub mod claim;
pub mod clock_watch;
pub mod create;
mod database;
pub mod database_url;
pub mod deliveries;
pub mod end_all;
mod entity;
mod error;
pub mod expire;
pub mod habits;
pub mod held;
pub mod installation;
pub mod key_rings;
pub mod later;
pub mod look;
pub mod loss;
pub mod rehearsal;
pub mod reuse;
pub mod rights;
pub mod settle;
pub mod sqlite_files;
mod state;
pub mod submissions;
pub mod survey;
pub mod untold;
pub mod view_checks;

pub use database::{Database, REQUIRED_MIGRATION, SchemaError};
pub use error::StoreError;
pub use state::{Ended, Ending, FailureReason, RevokedBy};
