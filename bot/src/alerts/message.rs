//! The message to operators, in the language of the installation.

use serde_json::json;
use shared::{
    store::alerts::{Cause, Subject},
    text::{Locale, Message, text},
};

use crate::slack::{
    OutgoingMessage, Validated,
    blocks::{context, escape, section},
};

/// What happened, what to do, and the secrets' ids.
pub(super) fn compose(
    locale: Locale,
    subject: Subject,
    count: u64,
    secrets: &[String],
) -> OutgoingMessage {
    let (happened, to_do) = words(subject, count);
    let happened = text(locale, happened);
    let mut blocks = vec![section(&happened)];
    blocks.extend(to_do.map(|to_do| section(&text(locale, to_do))));
    if !secrets.is_empty() {
        let ids = secrets.join(", ");
        let ids = text(locale, Message::AlertSecrets { ids: &ids });
        blocks.push(context(&ids));
    }
    OutgoingMessage {
        text: escape(&happened),
        blocks,
        unmentioned: None,
    }
}

const fn words(subject: Subject, count: u64) -> (Message<'static>, Option<Message<'static>>) {
    let Subject::Cause(cause) = subject else {
        return (Message::AlertBegun, None);
    };
    let (happened, to_do) = match cause {
        Cause::Reused => (Message::AlertReused { count }, Message::AlertReusedDo),
        Cause::Disputed => (Message::AlertDisputed { count }, Message::AlertDisputedDo),
        Cause::DecryptFailed => (
            Message::AlertDecryptFailed { count },
            Message::AlertDecryptFailedDo,
        ),
        Cause::Denied => (Message::AlertDenied { count }, Message::AlertDeniedDo),
        Cause::DeliveriesStuck => (
            Message::AlertDeliveriesStuck { count },
            Message::AlertDeliveriesStuckDo,
        ),
        Cause::ExpiryStuck => (
            Message::AlertExpiryStuck { count },
            Message::AlertExpiryStuckDo,
        ),
    };
    (happened, Some(to_do))
}

/// Every message, as long as it can be and with one thing in it.
pub(crate) fn specimens(locale: Locale) -> Vec<(String, Validated)> {
    let id = "01900000-0000-7000-8000-000000000000".to_owned();
    let mut all = vec![(Subject::Begun, 0)];
    for cause in Cause::ALL {
        all.extend([1, 1000].map(|count| (Subject::Cause(cause), count)));
    }
    let specimen = |(subject, count): (Subject, u64)| {
        let name = match subject {
            Subject::Begun => "begun",
            Subject::Cause(cause) => cause.code(),
        };
        let ids = vec![id.clone(); usize::try_from(count.min(10)).unwrap_or(0)];
        let message = compose(locale, subject, count, &ids);
        let name = format!("alert, {name} ({count})");
        let shown = json!({ "text": message.text, "blocks": message.blocks });
        (name, Validated::Message(shown))
    };
    all.into_iter().map(specimen).collect()
}
