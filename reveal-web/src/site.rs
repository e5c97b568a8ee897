//! What every route works with.

use std::sync::Arc;

use poem::Request;
use shared::{
    crypto::MasterKeys,
    store::{Database, audit::Visitor},
    text::Locale,
};
use tokio_util::task::TaskTracker;

use crate::client_address::ClientAddresses;

/// The language of pages, until requests choose theirs.
pub(crate) const LOCALE: Locale = Locale::En;

/// Everything that requests are answered with.
pub(crate) struct Site {
    pub(crate) database: Database,
    pub(crate) keys: Arc<MasterKeys>,
    /// Burns under way; they outlive a requester who leaves.
    pub(crate) burns: TaskTracker,
    addresses: Arc<ClientAddresses>,
}

impl Site {
    pub(crate) fn new(
        database: Database,
        keys: MasterKeys,
        addresses: Arc<ClientAddresses>,
        burns: TaskTracker,
    ) -> Self {
        Self {
            database,
            keys: Arc::new(keys),
            burns,
            addresses,
        }
    }

    /// Who sent the request, for the audit log.
    pub(crate) fn visitor(&self, request: &Request) -> Visitor {
        Visitor {
            ip: self.addresses.of(request),
            user_agent: request
                .headers()
                .get("user-agent")
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        }
    }
}
