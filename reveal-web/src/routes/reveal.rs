//! `POST /reveal`: burns the secret and shows it, once.

use std::{sync::Arc, time::Duration};

use poem::Request;
use shared::{
    crypto::LinkToken,
    store::{
        audit::Visitor,
        burn::{self, Burn, BurnError, Opened},
    },
};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    form::{self, FormError},
    pages::{self, Page, Trouble},
    site::{LOCALE, Site},
};

/// Longest wait for a burn. Whoever waits longer is told to try again, and the burn, if it had not
/// reached its commit, leaves the secret as it was.
const DEADLINE: Duration = Duration::from_secs(5);

/// Reads the form and burns.
pub(crate) async fn answer(site: &Site, mut request: Request) -> Page {
    let visitor = site.visitor(&request);
    let token = match form::read_token(&mut request).await {
        Ok(token) => token,
        Err(error) => return pages::trouble(LOCALE, trouble_of(error)),
    };
    match burn_apart(site, token, visitor).await {
        Some(page) => page,
        None => pages::trouble(LOCALE, Trouble::Unavailable),
    }
}

const fn trouble_of(error: FormError) -> Trouble {
    match error {
        FormError::TooLarge => Trouble::TooLarge,
        FormError::NotAToken => Trouble::Unknown,
        FormError::WrongType | FormError::Malformed | FormError::CutShort => Trouble::BadRequest,
    }
}

/// Burns in a task of its own: a requester who leaves must not stop a transaction half-way.
async fn burn_apart(site: &Site, token: LinkToken, visitor: Visitor) -> Option<Page> {
    let (answer, answered) = oneshot::channel();
    let (database, keys) = (site.database.clone(), Arc::clone(&site.keys));
    site.burns.spawn(async move {
        let requester_gone = || answer.is_closed();
        let burned = burn::burn(&database, &keys, &token, &visitor, requester_gone, render).await;
        let page = page_of(burned);
        // Whoever waited is gone: nobody to answer.
        drop(answer.send(page));
    });
    timeout(DEADLINE, answered).await.ok()?.ok()
}

fn render(opened: &Opened) -> Page {
    pages::revealed(LOCALE, opened)
}

fn page_of(burned: Result<Burn<Page>, BurnError>) -> Page {
    match burned {
        Ok(Burn::Revealed { rendered, .. }) => rendered,
        Ok(Burn::Ended(ending)) => pages::ended(LOCALE, ending),
        Ok(Burn::Unknown) => pages::trouble(LOCALE, Trouble::Unknown),
        Ok(Burn::Abandoned) => pages::trouble(LOCALE, Trouble::Unavailable),
        Err(error) => {
            tracing::error!(%error, "a secret could not be shown");
            pages::trouble(LOCALE, Trouble::Unavailable)
        }
    }
}
