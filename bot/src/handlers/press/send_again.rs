//! "Send again": opens the dialog with the person and the lifetime of before. What was sent is
//! gone, and the note with it.

use std::{sync::Arc, time::Duration};

use shared::store::send_again::{self, SentBefore};
use tokio::time::timeout;

use super::{
    Press,
    answer::tell_in_words,
    decide::{Undecided, decide},
    tell,
};
use crate::{
    command_text::Prefill,
    context::Context,
    handlers::{
        bounded::Bounds,
        language::Reader,
        opening::{self, Opened},
        standing::Standing,
    },
    modal::Layout,
    press_answer::PressAnswer,
};

/// Longest wait to learn to whom it went: the dialog opens within three seconds or never.
const LOOK_PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn handle(context: &Arc<Context>, press: Press, bounds: &Bounds) -> &'static str {
    let secret = press.secret;
    let ask = move |context: Arc<Context>, presser| async move {
        send_again::sent_before(&context.database, &presser, secret).await
    };
    let user = Some(&press.presser.user);
    let (reader, standing, sent) = tokio::join!(
        context.reader(user),
        Standing::read(context, user),
        timeout(LOOK_PATIENCE, decide(context, bounds, &press, ask))
    );
    let prefill = match sent {
        Ok(Ok(SentBefore {
            recipient,
            lifetime,
        })) => Prefill {
            recipient: Some(recipient),
            lifetime,
            ..Prefill::default()
        },
        Ok(Err(refused @ (Undecided::NotTheirs | Undecided::Busy))) => {
            let answer = refused.answer(PressAnswer::NotOpened);
            tell(context, press, &reader, &answer).await;
            return answer.code();
        }
        // As with the command alone, which anybody may type: rather an empty dialog than none.
        Ok(Err(Undecided::Gone | Undecided::Unknown)) | Err(_) => Prefill::default(),
    };
    open(context, press, prefill, &reader, &standing).await
}

async fn open(
    context: &Context,
    press: Press,
    prefill: Prefill,
    reader: &Reader,
    standing: &Standing,
) -> &'static str {
    let Some(trigger_id) = &press.trigger_id else {
        tell(context, press, reader, &PressAnswer::NotOpened).await;
        return PressAnswer::NotOpened.code();
    };
    let layout = Layout {
        answer: press.sealed_answer(&context.delivery_keys),
        language: Some(reader.locale),
        tz: reader.tz.clone(),
        installation: Some(context.installation.as_str().to_owned()),
        ..Layout::default()
    };
    let notices = standing.notices(reader.locale, layout.tz.as_deref());
    let opened = opening::open(context, trigger_id, prefill, layout, &notices).await;
    let error = match opened {
        Opened::Now => {
            standing.was_told(context).await;
            return "opened";
        }
        Opened::Before => return "opened_before",
        Opened::Unknown(error) | Opened::NotWithName(error) | Opened::No(error) => error,
    };
    tracing::error!(secret.id = %press.secret, %error, "a dialog could not be opened");
    tell_in_words(context, &press, reader, &PressAnswer::NotOpened).await;
    PressAnswer::NotOpened.code()
}
