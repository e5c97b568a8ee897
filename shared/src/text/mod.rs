//! Every text that people see, in Slack and on the web, from Fluent catalogues.
//!
//! The language is an argument, never a state of the process: one process answers many people at
//! once.

mod catalog;
mod locale;
mod message;
mod time;

pub use catalog::{Statement, statement, text};
pub use locale::Locale;
pub use message::{Message, State};
pub use time::{duration, hour, instant, rfc3339};
