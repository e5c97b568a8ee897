//! One file an endpoint.

pub(crate) mod confirm;
pub(crate) mod reveal;
