//! `POST /reveal`: burns the secret and shows it, once.

use std::{sync::Arc, time::Duration};

use poem::{Request, Response, http::Method};
use shared::{
    crypto::{Confirmed, LinkToken},
    store::burn::{self, Burn, BurnError},
};
use tokio::time::timeout;

use super::confirm::{self, Visit};
use crate::{
    awaited::Awaited,
    burning::{Burned, Burning, Waited},
    form::{self, FormError},
    gate, language,
    pages::{self, Occasion, Page, Trouble},
    site::Site,
};

/// Longest time for the form to arrive.
const FORM_PATIENCE: Duration = Duration::from_secs(10);

/// Longest wait until a burn has reached its COMMIT. Whoever waits longer is told to try again, and the
/// secret is as it was.
const DEADLINE: Duration = Duration::from_secs(5);

/// Longest wait for what became of a COMMIT; more than a burn asks for it.
const COMMIT_PATIENCE: Duration = Duration::from_mins(1);
const _: () = assert!(COMMIT_PATIENCE.as_secs() > burn::COMMIT_PATIENCE.as_secs());

/// Checks where the request comes from, reads the form, and burns.
pub(crate) async fn answer(site: &Arc<Site>, mut request: Request) -> Response {
    match check(site, &mut request).await {
        Ok(asked) => burn(site, asked).await,
        Err(page) => page.into_response(),
    }
}

/// Somebody pressed the button.
struct Asked {
    token: Arc<LinkToken>,
    confirmed: Confirmed,
    visit: Visit,
}

async fn check(site: &Site, request: &mut Request) -> Result<Asked, Page> {
    let asked_for = language::asked_for(request);
    let refused = |asked_for, trouble| {
        let frame = site.appearance.frame(asked_for, None, &Method::POST);
        pages::trouble(frame, trouble)
    };
    if let Err(refusal) = gate::check(request, &site.public_base_url) {
        tracing::warn!(%refusal, "a request to open a secret was refused");
        return Err(refused(asked_for, Trouble::Forbidden));
    }
    let visitor = site.visitor(request);
    let form = timeout(FORM_PATIENCE, form::read(request)).await;
    let form = form.map_err(|_| refused(asked_for, Trouble::TooSlow))?;
    let form = form.map_err(|error| refused(asked_for, trouble_of(error)))?;
    let asked_for = form.language.or(asked_for);
    let Some(confirmed) = site.keys.confirmed(&form.token.hash(), &form.confirmation) else {
        tracing::warn!("a request to open a secret was refused: its page was never shown");
        return Err(refused(asked_for, Trouble::Forbidden));
    };
    Ok(Asked {
        token: Arc::new(form.token),
        confirmed,
        visit: Visit {
            visitor,
            asked_for,
            occasion: Occasion::TooLate,
            is_by_a_person: true,
        },
    })
}

const fn trouble_of(error: FormError) -> Trouble {
    match error {
        FormError::TooLarge => Trouble::TooLarge,
        FormError::NotAToken => Trouble::Unknown,
        FormError::WrongType | FormError::Malformed | FormError::CutShort => Trouble::BadRequest,
    }
}

async fn burn(site: &Arc<Site>, asked: Asked) -> Response {
    let mut burning = Burning::begin(
        site,
        Arc::clone(&asked.token),
        asked.confirmed,
        asked.visit.visitor.clone(),
        asked.visit.asked_for,
    );
    match burning.wait(DEADLINE).await {
        Waited::Ended(burned) => page_of(site, &asked, burned).await.into_response(),
        Waited::GivenUp => asked.trouble(site, Trouble::Unavailable).into_response(),
        Waited::Committing => {
            let site = Arc::clone(site);
            Awaited::response(async move {
                match burning.wait(COMMIT_PATIENCE).await {
                    Waited::Ended(burned) => page_of(&site, &asked, burned).await,
                    Waited::GivenUp | Waited::Committing => asked.trouble(&site, Trouble::Unsure),
                }
            })
        }
    }
}

impl Asked {
    fn trouble(&self, site: &Site, trouble: Trouble) -> Page {
        let frame = site
            .appearance
            .frame(self.visit.asked_for, None, &Method::POST);
        pages::trouble(frame, trouble)
    }
}

async fn page_of(site: &Site, asked: &Asked, burned: Burned) -> Page {
    let frame = |recipient: Option<&str>| {
        site.appearance
            .frame(asked.visit.asked_for, recipient, &Method::POST)
    };
    match burned {
        Ok(Burn::Revealed { rendered, .. }) => rendered,
        Ok(Burn::Ended(ended)) => {
            site.reuses.note(&ended);
            pages::ended(frame(ended.recipient_locale.as_deref()), &ended)
        }
        Ok(Burn::Repeated(ended)) => {
            site.reuses.note_repeat(&ended);
            pages::repeated(frame(ended.recipient_locale.as_deref()), &ended)
        }
        Ok(Burn::Unconfirmed) => confirm::page(site, &asked.token, &asked.visit).await,
        Ok(Burn::Unknown) => asked.trouble(site, Trouble::Unknown),
        Ok(Burn::Abandoned) => asked.trouble(site, Trouble::Unavailable),
        Err(error) => {
            tracing::error!(%error, "a secret could not be shown");
            let trouble = match error {
                BurnError::Unknown(_) => Trouble::Unsure,
                BurnError::Undecryptable { .. } | BurnError::Store(_) => Trouble::Unavailable,
            };
            asked.trouble(site, trouble)
        }
    }
}
