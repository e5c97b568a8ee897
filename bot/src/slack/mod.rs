//! Slack's Web API: slack-morphism carries the calls, the types are our own and lenient.

mod advice;
pub(crate) mod blocks;
mod client;
mod codes;
mod directory;
mod error;
mod method;
mod pauses;
mod probe;
mod respond;

pub(crate) use advice::advice_for;
pub(crate) use client::{OutgoingMessage, Slack};
pub(crate) use directory::{Directory, Ineligible, Person};
pub(crate) use error::{SlackError, Verdict};
pub(crate) use method::Method;
pub(crate) use probe::{Answer, Probe};
