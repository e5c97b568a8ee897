//! At most so many requests of one client in any window of time.

mod layer;
mod window;

pub(crate) use layer::RateLimitLayer;
