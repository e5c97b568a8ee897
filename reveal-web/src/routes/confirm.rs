//! `GET /s/<token>`: says who sent the secret and offers the button. Never burns.

use poem::Request;
use shared::{
    crypto::LinkToken,
    store::look::{self, Look},
};

use crate::{
    pages::{self, Page, Trouble},
    site::{LOCALE, Site},
};

/// Looks at the link; a malformed one is refused before the database is asked.
pub(crate) async fn answer(site: &Site, request: &Request) -> Page {
    let token = request
        .uri()
        .path()
        .strip_prefix("/s/")
        .and_then(LinkToken::parse);
    let Some(token) = token else {
        return pages::trouble(LOCALE, Trouble::Unknown);
    };
    match look::look(&site.database, &token.hash(), &site.visitor(request)).await {
        Ok(Look::Live(preview)) => pages::confirm(LOCALE, &preview, &token),
        Ok(Look::Ended(ending)) => pages::ended(LOCALE, ending),
        Ok(Look::Unknown) => pages::trouble(LOCALE, Trouble::Unknown),
        Err(error) => {
            tracing::error!(%error, "a link could not be looked up");
            pages::trouble(LOCALE, Trouble::Unavailable)
        }
    }
}
