//! The tables as sea-orm sees them. Values are what the columns hold; the operations turn them into
//! the crate's own types.
//!
//! Queries name their columns: under column grants `select *` is refused.

pub(super) mod audit_event;
pub(super) mod delivery;
pub(super) mod secret;
