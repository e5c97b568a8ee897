//! What somebody is told before they type anything: what could not be told before, and that
//! messages can't go out.

use std::time::Duration;

use shared::{
    domain::ids::UserId,
    store::{
        held::{self, Held},
        untold::{self, Untold},
    },
    text::{Locale, Message, text},
};
use tokio::time::timeout;

use crate::context::Context;
use crate::{courier::receipt_lines, modal::Notices};

/// Longest wait for the database: the dialog opens within three seconds or never.
const PATIENCE: Duration = Duration::from_millis(500);

/// How things stand for somebody who typed the command.
#[derive(Default)]
pub(super) struct Standing {
    held: Option<Held>,
    untold: Vec<Untold>,
}

impl Standing {
    /// Looks; what isn't found in time is told another time.
    pub(super) async fn read(context: &Context, user: Option<&UserId>) -> Self {
        let look = async {
            let untold = async {
                match user {
                    Some(user) => untold::of(&context.database, user).await,
                    None => Ok(Vec::new()),
                }
            };
            let (held, untold) = tokio::try_join!(held::read(&context.database), untold)?;
            Ok::<_, shared::store::StoreError>(Self { held, untold })
        };
        match timeout(PATIENCE, look).await {
            Ok(Ok(standing)) => standing,
            Ok(Err(error)) => {
                tracing::warn!(%error, "what a sender is to be told could not be looked up");
                Self::default()
            }
            Err(_) => Self::default(),
        }
    }

    /// In words, with times in a zone.
    pub(super) fn notices(&self, locale: Locale, tz: Option<&str>) -> Notices {
        let mut notices = Notices::new();
        if !self.untold.is_empty() {
            notices.push(text(locale, Message::ModalUntold));
        }
        for untold in &self.untold {
            let refusal = untold.refusal.as_ref();
            let tz = tz.or(untold.facts.sender_tz.as_deref());
            notices
                .push(receipt_lines(locale, &untold.facts, untold.outcome, refusal, tz).join(" "));
        }
        if let Some(held) = self.held.as_ref().filter(|held| held.is_everybody) {
            let code = held.code.as_str();
            notices.push(text(locale, Message::ModalHeld { code }));
        }
        notices
    }

    /// It was shown.
    pub(super) async fn was_told(&self, context: &Context) {
        if let Err(error) = untold::mark_told(&context.database, &self.untold).await {
            // It is told again then.
            tracing::warn!(%error, "that a sender was told could not be written down");
        }
    }
}
