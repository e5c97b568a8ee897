//! At most so many requests of one client in any window of time.

mod endpoint;
mod layer;
mod window;

pub(crate) use endpoint::{EndpointService, ServiceEndpoint};
pub(crate) use layer::RateLimitLayer;
