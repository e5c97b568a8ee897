//! `GET /s/<token>`: says who sent the secret and offers the button. Never burns.

use poem::{
    Request,
    http::{HeaderMap, Method},
};
use shared::{
    crypto::LinkToken,
    store::{
        audit::Visitor,
        look::{self, Look},
    },
    text::Locale,
};

use crate::{
    language,
    pages::{self, Occasion, Page, Trouble},
    site::Site,
};

/// Looks at the link; a malformed one is refused before the database is asked.
pub(crate) async fn answer(site: &Site, request: &Request) -> Result<Page, Trouble> {
    let token = request
        .uri()
        .path()
        .strip_prefix("/s/")
        .and_then(LinkToken::parse);
    let token = token.ok_or(Trouble::Unknown)?;
    let visit = Visit {
        visitor: site.visitor(request),
        asked_for: language::asked_for(request),
        occasion: Occasion::Visit,
        is_by_a_person: *request.method() == Method::GET && !is_prefetch(request.headers()),
    };
    page(site, &token, &visit).await
}

/// How a link is looked at.
pub(super) struct Visit {
    pub(super) visitor: Visitor,
    pub(super) asked_for: Option<Locale>,
    pub(super) occasion: Occasion,
    /// As far as can be told.
    pub(super) is_by_a_person: bool,
}

/// The page of a link.
pub(super) async fn page(site: &Site, token: &LinkToken, visit: &Visit) -> Result<Page, Trouble> {
    let method = match visit.occasion {
        Occasion::Visit => Method::GET,
        Occasion::TooLate => Method::POST,
    };
    let frame =
        |recipient: Option<&str>| site.appearance.frame(visit.asked_for, recipient, &method);
    let hash = token.hash();
    match look::look(&site.database, &hash, &visit.visitor).await {
        Ok(Look::Live(preview)) => {
            let confirmation = site.keys.confirm(&hash, preview.now);
            let frame = frame(preview.recipient_locale.as_deref());
            let occasion = visit.occasion;
            Ok(pages::confirm(
                frame,
                occasion,
                &preview,
                token,
                confirmation,
            ))
        }
        Ok(Look::Ended(ended)) => {
            if visit.is_by_a_person {
                site.reuses.note(hash, &ended, &visit.visitor);
            }
            Ok(pages::ended(
                frame(ended.recipient_locale.as_deref()),
                &ended,
            ))
        }
        Ok(Look::Spent(spent)) => Ok(pages::spent(
            frame(spent.recipient_locale.as_deref()),
            &spent,
        )),
        Ok(Look::Unknown) => Err(Trouble::Unknown),
        Err(error) => {
            tracing::error!(%error, "a link could not be looked up");
            Err(Trouble::Unavailable)
        }
    }
}

/// Browsers that fetch ahead say so. Source:
/// <https://wicg.github.io/nav-speculation/prefetch.html>.
fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose"].iter().any(|name| {
        headers
            .get(*name)
            .is_some_and(|value| value.as_bytes().starts_with(b"prefetch"))
    })
}
