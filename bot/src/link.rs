//! The address that opens a secret's page.

use shared::{crypto::LinkToken, domain::base_url::PublicBaseUrl};
use zeroize::Zeroizing;

/// The address of a link's page. It opens the secret: it goes to its recipient and nowhere else.
pub(crate) fn link_of(base: &PublicBaseUrl, token: &LinkToken) -> Zeroizing<String> {
    let path = Zeroizing::new(format!("/s/{}", token.encode().as_str()));
    Zeroizing::new(base.join(&path))
}
