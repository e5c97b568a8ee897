//! What the workspace's commands share: how they get and start what they need.
#![expect(clippy::print_stdout, reason = "command-line tools")]

pub mod cache;
pub mod cargo;
pub mod debian;
pub mod mysql;
pub mod processes;
pub mod unstable;
