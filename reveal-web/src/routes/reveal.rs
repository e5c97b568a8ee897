//! `POST /reveal`: burns the secret and shows it, once.

use std::{sync::Arc, time::Duration};

use poem::{Request, http::Method};
use shared::{
    crypto::{Confirmed, LinkToken},
    store::burn::{self, Burn, BurnError, Opened},
};
use tokio::{sync::oneshot, time::timeout};

use super::confirm::{self, Visit};
use crate::{
    form::{self, FormError},
    gate, language,
    pages::{self, Occasion, Page, Trouble},
    site::Site,
};

/// Longest wait for a burn. Whoever waits longer is told to try again, and the burn, if it had not
/// reached its commit, leaves the secret as it was.
const DEADLINE: Duration = Duration::from_secs(5);

/// Checks where the request comes from, reads the form, and burns.
pub(crate) async fn answer(site: &Site, mut request: Request) -> Page {
    let asked_for = language::asked_for(&request);
    let frame = |asked_for| site.appearance.frame(asked_for, None, &Method::POST);
    if let Err(refusal) = gate::check(&request, &site.public_base_url) {
        tracing::warn!(%refusal, "a request to open a secret was refused");
        return pages::trouble(frame(asked_for), Trouble::Forbidden);
    }
    let visitor = site.visitor(&request);
    let form = match form::read(&mut request).await {
        Ok(form) => form,
        Err(error) => return pages::trouble(frame(asked_for), trouble_of(error)),
    };
    let asked_for = form.language.or(asked_for);
    let Some(confirmed) = site.keys.confirmed(&form.token.hash(), &form.confirmation) else {
        tracing::warn!("a request to open a secret was refused: its page was never shown");
        return pages::trouble(frame(asked_for), Trouble::Forbidden);
    };
    let visit = Visit {
        visitor,
        asked_for,
        occasion: Occasion::TooLate,
        is_by_a_person: true,
    };
    burn(site, Arc::new(form.token), confirmed, &visit).await
}

const fn trouble_of(error: FormError) -> Trouble {
    match error {
        FormError::TooLarge => Trouble::TooLarge,
        FormError::NotAToken => Trouble::Unknown,
        FormError::WrongType | FormError::Malformed | FormError::CutShort => Trouble::BadRequest,
    }
}

async fn burn(site: &Site, token: Arc<LinkToken>, confirmed: Confirmed, visit: &Visit) -> Page {
    let frame = |recipient: Option<&str>| {
        site.appearance
            .frame(visit.asked_for, recipient, &Method::POST)
    };
    let burning = burn_apart(site, Arc::clone(&token), confirmed, visit);
    let burned = timeout(DEADLINE, burning).await;
    match burned.ok().flatten() {
        Some(Ok(Burn::Revealed { rendered, .. })) => rendered,
        Some(Ok(Burn::Ended(ended))) => {
            site.reuses.note(&ended);
            pages::ended(frame(ended.recipient_locale.as_deref()), &ended)
        }
        Some(Ok(Burn::Repeated(ended))) => {
            site.reuses.note_repeat(&ended);
            pages::repeated(frame(ended.recipient_locale.as_deref()), &ended)
        }
        Some(Ok(Burn::Unconfirmed)) => confirm::page(site, &token, visit).await,
        Some(Ok(Burn::Unknown)) => pages::trouble(frame(None), Trouble::Unknown),
        Some(Ok(Burn::Abandoned)) | None => pages::trouble(frame(None), Trouble::Unavailable),
        Some(Err(error)) => {
            tracing::error!(%error, "a secret could not be shown");
            pages::trouble(frame(None), Trouble::Unavailable)
        }
    }
}

/// Burns in a task of its own: a requester who leaves must not stop a transaction half-way.
async fn burn_apart(
    site: &Site,
    token: Arc<LinkToken>,
    confirmed: Confirmed,
    visit: &Visit,
) -> Option<Result<Burn<Page>, BurnError>> {
    let (answer, answered) = oneshot::channel();
    let (database, keys) = (site.database.clone(), Arc::clone(&site.keys));
    let (appearance, asked_for, visitor) = (
        site.appearance.clone(),
        visit.asked_for,
        visit.visitor.clone(),
    );
    site.burns.spawn(async move {
        let requester_gone = || answer.is_closed();
        let render = |opened: &Opened| {
            pages::revealed(appearance.frame(asked_for, None, &Method::POST), opened)
        };
        let burned = burn::burn(
            &database,
            &keys,
            &token,
            &confirmed,
            &visitor,
            requester_gone,
            render,
        )
        .await;
        // Whoever waited is gone: nobody to answer.
        drop(answer.send(burned));
    });
    answered.await.ok()
}
