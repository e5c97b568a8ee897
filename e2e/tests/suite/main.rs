//! Behavior through the real programs, on MySQL and SQLite alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod bad_input;
mod browser;
mod command;
mod config_check;
mod database_faults;
mod database_tls;
mod delivery;
mod dialog;
mod doctor;
mod egress;
mod expiry;
mod faults;
mod flow;
mod gate;
mod grants;
mod headers;
mod hostile;
mod language;
mod load;
mod long_secrets;
mod migrations;
mod operation;
mod pages;
mod race;
mod rate_limit;
mod reveal_page;
mod rotation;
mod settings;
mod soak;
mod socket;
mod store;
mod submission;
mod tls;
mod updates;
