//! The button of a message that gives its recipient a link: a modal opens at once, and shows the
//! link when it is there, or why there is none.

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use shared::{
    crypto::{OpenError, Share},
    domain::press::Presser,
    store::{
        StoreError,
        issue::{Issued, Request},
        presses::{self, Action, Asked},
    },
};
use tokio::time::timeout;

use super::{Press, answer::tell_in_words, decide::decide};
use crate::{
    context::Context,
    handlers::{bounded::Bounds, language::Reader},
    link::link_of,
    press_answer::PressAnswer,
};

/// Longest wait for what Slack says of whoever presses.
const DIRECTORY_PATIENCE: Duration = Duration::from_millis(500);

pub(super) async fn handle(context: &Arc<Context>, press: Press, bounds: &Bounds) -> &'static str {
    let reader = context.reader_at_once(Some(&press.presser.user)).await;
    let view_id = match open(context, &press, &reader).await {
        Ok(view_id) => view_id,
        Err(told) => return told,
    };
    let answer = issue(context, &press, bounds).await;
    let view = answer.view(reader.locale, reader.tz.as_deref());
    if let Err(error) = context.slack.replace_view(&view_id, &view).await {
        tracing::warn!(secret.id = %press.secret, %error, "a modal could not show what came of a press");
        let answer = answer.in_words();
        tell_in_words(context, &press, &reader, &answer).await;
        return answer.code();
    }
    answer.code()
}

/// Opens the modal in which the link will stand. Nothing is made before there is one.
async fn open(context: &Context, press: &Press, reader: &Reader) -> Result<String, &'static str> {
    let answer = PressAnswer::NotIssued;
    let Some(trigger_id) = press.trigger_id() else {
        tell_in_words(context, press, reader, &answer).await;
        return Err(answer.code());
    };
    let wait = PressAnswer::Issuing.view(reader.locale, reader.tz.as_deref());
    let opened = context.slack.open_view_to_change(trigger_id, &wait).await;
    match opened {
        Ok(view_id) => Ok(view_id),
        // Slack delivered the press twice, and the other one is told; or the answer was lost, and
        // the modal says to press again.
        Err(error) if error.is_used_trigger() => {
            tracing::info!(secret.id = %press.secret, "a press was told of before");
            Err("told_before")
        }
        Err(error) => {
            tracing::warn!(secret.id = %press.secret, %error, "a modal could not be opened, the press is answered in words");
            tell_in_words(context, press, reader, &answer).await;
            Err(answer.code())
        }
    }
}

async fn issue(context: &Arc<Context>, press: &Press, bounds: &Bounds) -> PressAnswer {
    if is_deactivated(context, press).await {
        tracing::warn!(secret.id = %press.secret, actor = %press.presser.user, "a deactivated account gets no link");
        return PressAnswer::NotIssuable;
    }
    let share = press
        .sealed
        .as_ref()
        .map(|sealed| opened(context, press, sealed));
    let Some(Ok(share)) = share else {
        return refuse(context, press, bounds).await;
    };
    let (secret, share) = (press.secret, Arc::new(share));
    let ask = move |context: Arc<Context>, presser: Presser| {
        let share = Arc::clone(&share);
        async move { ask(&context, &presser, secret, &share).await }
    };
    match decide(context, bounds, press, ask).await {
        Ok(Issued::Link(token, until)) => {
            let link = link_of(&context.public_base_url, &token);
            PressAnswer::Issued(SecretString::from(link.as_str()), until)
        }
        Ok(Issued::Before) => PressAnswer::IssuedBefore,
        Ok(Issued::Over(facts)) => PressAnswer::OverForRecipient(facts),
        Err(undecided) => undecided.answer(PressAnswer::NotIssued),
    }
}

/// Whether Slack says so, as far as it says it in time: it lets such an account press nothing, but
/// what was pressed before may be under way.
async fn is_deactivated(context: &Context, press: &Press) -> bool {
    let asked = context.directory.person(&press.presser.user);
    let person = timeout(DIRECTORY_PATIENCE, asked).await;
    person.is_ok_and(|person| person.is_ok_and(|person| person.is_deactivated()))
}

async fn ask(
    context: &Context,
    presser: &Presser,
    secret: shared::domain::ids::SecretId,
    share: &Share,
) -> Result<Asked<Issued>, StoreError> {
    let request = Request {
        presser,
        secret,
        share,
        lifetime: context.links.lifetime,
    };
    context
        .database
        .issue_link(&context.master_keys, &request)
        .await
}

/// Opens the share; it fits the row that the button names, or does not open.
fn opened(context: &Context, press: &Press, sealed: &SecretString) -> Result<Share, OpenError> {
    let opened = context
        .delivery_keys
        .open_share_of_button(press.secret, sealed);
    if let Err(error) = &opened {
        tracing::error!(
            secret.id = %press.secret,
            %error,
            "the button of a message can't give a link: DELIVERY_KEYS lacks the key of then, or it was changed"
        );
    }
    opened
}

/// There is no share: whose button it is counts all the same.
async fn refuse(context: &Arc<Context>, press: &Press, bounds: &Bounds) -> PressAnswer {
    let secret = press.secret;
    let ask = move |context: Arc<Context>, presser: Presser| async move {
        presses::is_for(&context.database, &presser, secret, Action::IssueLink).await
    };
    match decide(context, bounds, press, ask).await {
        Ok(()) => PressAnswer::NotIssuable,
        Err(undecided) => undecided.answer(PressAnswer::NotIssued),
    }
}
