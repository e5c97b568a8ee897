//! Behavior through the real programs, on MySQL and SQLite alike.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod browser;
mod command;
mod delivery;
mod dialog;
mod expiry;
mod flow;
mod grants;
mod headers;
mod migrations;
mod race;
mod rate_limit;
mod rotation;
mod settings;
mod store;
mod submission;
