//! `POST /reveal`: burns the secret and shows it, once.

use std::{sync::Arc, time::Duration};

use poem::{IntoResponse as _, Request, Response, http::Method};
use shared::{
    crypto::{Confirmed, LinkToken},
    store::{
        burn::{self, Burn, BurnError},
        denied::Cause,
    },
};
use tokio::time::timeout;

use super::confirm::{self, Visit};
use crate::{
    awaited::Awaited,
    burning::{Burned, Burning, Waited},
    form::{self, FormError},
    gate, language,
    pages::{self, Occasion, Page, Refusal, Trouble},
    site::Site,
};

/// Longest time for the form to arrive.
const FORM_PATIENCE: Duration = Duration::from_secs(10);

/// Longest wait until a burn has reached its COMMIT. Whoever waits longer is told to try again, and
/// the secret is as it was.
const DEADLINE: Duration = Duration::from_secs(5);

/// Longest wait for what became of a COMMIT; more than a burn asks for it.
const COMMIT_PATIENCE: Duration = Duration::from_mins(1);
const _: () = assert!(COMMIT_PATIENCE.as_secs() > burn::COMMIT_PATIENCE.as_secs());

/// Checks where the request comes from, reads the form, and burns.
pub(crate) async fn answer(site: &Arc<Site>, mut request: Request) -> Result<Response, Refusal> {
    let asked = check(site, &mut request).await?;
    Ok(burn(site, asked).await)
}

/// Somebody pressed the button.
struct Asked {
    token: Arc<LinkToken>,
    confirmed: Confirmed,
    visit: Visit,
}

async fn check(site: &Site, request: &mut Request) -> Result<Asked, Refusal> {
    let visitor = site.visitor(request);
    let passed = gate::check(request, &site.public_base_url);
    if let Err(refusal) = &passed {
        tracing::warn!(%refusal, "a request to open a secret was refused");
    }
    let form = timeout(FORM_PATIENCE, form::read(request)).await;
    if passed.is_err() {
        // Which secret it was meant for is for the trail alone.
        if let Ok(Ok(form)) = form {
            let hash = form.token.hash();
            site.reuses.note_denied(hash, Cause::Gate, &visitor);
        }
        return Err(Trouble::Forbidden.into());
    }
    let form = form.map_err(|_| Trouble::TooSlow)?.map_err(trouble_of)?;
    let hash = form.token.hash();
    let Some(confirmed) = site.keys.confirmed(&hash, &form.confirmation) else {
        tracing::warn!("a request to open a secret was refused: its page was never shown");
        site.reuses.note_denied(hash, Cause::Confirmation, &visitor);
        return Err(Refusal {
            trouble: Trouble::Forbidden,
            language: form.language,
        });
    };
    Ok(Asked {
        token: Arc::new(form.token),
        confirmed,
        visit: Visit {
            visitor,
            asked_for: form.language.or_else(|| language::asked_for(request)),
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
        Waited::Ended(burned) => pages::response(page_of(site, &asked, burned).await),
        Waited::GivenUp => asked.refusal(Trouble::Unavailable).into_response(),
        Waited::Committing => {
            let site = Arc::clone(site);
            Awaited::response(async move {
                match burning.wait(COMMIT_PATIENCE).await {
                    Waited::Ended(burned) => page_of(&site, &asked, burned).await,
                    Waited::GivenUp | Waited::Committing => Err(asked.refusal(Trouble::Unsure)),
                }
            })
        }
    }
}

impl Asked {
    const fn refusal(&self, trouble: Trouble) -> Refusal {
        Refusal {
            trouble,
            language: self.visit.asked_for,
        }
    }
}

async fn page_of(site: &Site, asked: &Asked, burned: Burned) -> Result<Page, Refusal> {
    let frame = |recipient: Option<&str>| {
        site.appearance
            .frame(asked.visit.asked_for, recipient, &Method::POST)
    };
    let page = match burned {
        Ok(Burn::Revealed { rendered, .. }) => Ok(rendered),
        Ok(Burn::Ended(ended)) => {
            let visitor = &asked.visit.visitor;
            site.reuses.note(asked.token.hash(), &ended, visitor);
            let frame = frame(ended.recipient_locale.as_deref());
            Ok(pages::ended(frame, &ended))
        }
        Ok(Burn::Repeated(ended)) => {
            let visitor = &asked.visit.visitor;
            site.reuses.note_repeat(asked.token.hash(), &ended, visitor);
            let frame = frame(ended.recipient_locale.as_deref());
            Ok(pages::repeated(frame, &ended))
        }
        Ok(Burn::Spent(spent)) => {
            let frame = frame(spent.recipient_locale.as_deref());
            Ok(pages::spent(frame, &spent))
        }
        Ok(Burn::Unconfirmed) => confirm::page(site, &asked.token, &asked.visit).await,
        Ok(Burn::Unknown) => Err(Trouble::Unknown),
        Ok(Burn::Abandoned) => Err(Trouble::Unavailable),
        Err(error) => {
            tracing::error!(%error, "a secret could not be shown");
            Err(match error {
                BurnError::Unknown(_) => Trouble::Unsure,
                BurnError::Undecryptable { .. } | BurnError::Store(_) => Trouble::Unavailable,
            })
        }
    };
    page.map_err(|trouble| asked.refusal(trouble))
}
