//! The tables as sea-orm sees them. Ids and instants are the crate's own types, which every value
//! of their columns fits. What can fail to be read (a kind, an outcome, somebody's id) stays the
//! text that the column holds until the row is known by its id: a bad row has to be passed over and
//! told, and one that made a whole query fail would stop the others.
//!
//! Queries name their columns: under column grants `select *` is refused.

pub(super) mod audit_event;
pub(super) mod delivery;
pub(super) mod link;
pub(super) mod secret;
