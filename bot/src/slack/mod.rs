//! Slack's Web API: slack-morphism carries the calls, the answers are read by our own
//! means (`answer.rs`).

mod advice;
mod answer;
pub(crate) mod blocks;
mod client;
mod codes;
mod directory;
mod error;
mod method;
#[cfg(test)]
mod odd_answers;
mod pauses;
mod probe;
mod respond;
mod validate;

pub(crate) use advice::advice_for;
pub(crate) use client::{OutgoingMessage, Slack};
pub(crate) use directory::{Directory, Ineligible, Person};
pub(crate) use error::{SlackError, Verdict};
pub(crate) use method::Method;
pub(crate) use probe::{Probe, ProbeAnswer};
pub(crate) use validate::{Objection, Validated};
