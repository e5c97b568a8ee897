//! A submitted dialog: check it, store it, and only then acknowledge.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use shared::{
    ids::UserId,
    secret::{NoteText, SecretText, SecretTextError},
    store::{
        StoreError,
        create::{self, Created, NewSecret},
    },
    text::{Message, text},
};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Handlers, LOCALE, submitted::Submitted};
use crate::{
    modal::{self, field},
    slack::{Ineligible, Person, Verdict},
    socket::envelope::Acknowledgement,
    worker::millis_since,
};

/// Slack waits three seconds for the acknowledgement; this leaves room for the way there.
const BUDGET: Duration = Duration::from_secs(2);

/// How long the recipient check may take. Without an answer the submission is accepted, and the
/// courier decides.
const CHECK_TIMEOUT: Duration = Duration::from_millis(700);

/// Checks, stores, acknowledges.
pub(super) async fn handle(
    handlers: Arc<Handlers>,
    submitted: Submitted,
    acknowledge: Acknowledgement,
) {
    let started = Instant::now();
    let envelope_id = acknowledge.envelope_id().to_owned();
    let view = submitted.view.clone();
    // In a task of its own: a commit is never cut off because time is up.
    let tasks = handlers.tasks.clone();
    let stored =
        tasks.spawn(async move { check_and_store(&handlers, submitted, &envelope_id).await });
    let answer = if let Ok(Ok(answer)) = timeout_at(started + BUDGET, stored).await {
        answer
    } else {
        tracing::warn!(
            envelope.id = acknowledge.envelope_id(),
            submission.key = %view,
            "a submission could not be confirmed in time"
        );
        Answer::Errors(vec![(
            field::SECRET,
            text(LOCALE, Message::SubmissionUnconfirmed),
        )])
    };
    tracing::info!(
        envelope.id = acknowledge.envelope_id(),
        duration_ms = millis_since(started.into_std()),
        answer = answer.kind(),
        "a submission is answered"
    );
    match answer {
        Answer::Close => acknowledge.bare(),
        Answer::Update(view) => {
            acknowledge.with(&json!({ "response_action": "update", "view": view }));
        }
        Answer::Errors(errors) => acknowledge.with(&errors_payload(errors)),
    }
}

/// For a dialog that came back in a form that we don't know: the person keeps what was typed.
pub(super) fn refuse_unreadable(acknowledge: Acknowledgement) {
    let error = (field::SECRET, text(LOCALE, Message::SubmissionUnavailable));
    acknowledge.with(&errors_payload(vec![error]));
}

/// What Slack shall do with the dialog.
enum Answer {
    Close,
    Update(Value),
    /// Texts by block.
    Errors(Vec<(&'static str, String)>),
}

impl Answer {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Update(_) => "update",
            Self::Errors(_) => "errors",
        }
    }
}

fn errors_payload(errors: Vec<(&'static str, String)>) -> Value {
    let errors: Map<String, Value> = errors
        .into_iter()
        .map(|(block, error)| (block.to_owned(), error.into()))
        .collect();
    json!({ "response_action": "errors", "errors": errors })
}

async fn check_and_store(handlers: &Handlers, submitted: Submitted, envelope_id: &str) -> Answer {
    let new = match check(handlers, submitted).await {
        Ok(new) => new,
        Err(errors) => return Answer::Errors(errors),
    };
    let stored = create::create(
        &handlers.database,
        &handlers.master_keys,
        &handlers.delivery_keys,
        &new,
    );
    match stored.await {
        Ok(Created::New { secret, .. }) => {
            tracing::info!(envelope.id = envelope_id, secret.id = %secret, "a secret was stored");
            handlers.work_waits.notify_one();
            Answer::Close
        }
        Ok(Created::AlreadyStored(stored)) => {
            tracing::info!(envelope.id = envelope_id, secret.id = %stored.secret, "a submission came again");
            Answer::Update(modal::already_sent(LOCALE, &stored))
        }
        Err(error) => {
            tracing::error!(envelope.id = envelope_id, %error, "a submission could not be stored");
            let message = match error {
                StoreError::CommitUnknown => Message::SubmissionUnconfirmed,
                _ => Message::SubmissionUnavailable,
            };
            Answer::Errors(vec![(field::SECRET, text(LOCALE, message))])
        }
    }
}

type FieldErrors = Vec<(&'static str, String)>;

async fn check(handlers: &Handlers, submitted: Submitted) -> Result<NewSecret, FieldErrors> {
    let mut errors = Vec::new();
    let mut reject = |block, message| errors.push((block, text(LOCALE, message)));

    let secret = SecretText::parse(submitted.secret)
        .map_err(|error| reject(field::SECRET, secret_message(error)))
        .ok();
    let note = NoteText::parse_optional(submitted.note)
        .map_err(|error| reject(field::NOTE, note_message(error)))
        .ok();
    if submitted.lifetime.is_none() {
        reject(field::LIFETIME, Message::LifetimeMissing);
    }
    let known = who_is_who(handlers, &submitted.sender, submitted.recipient.as_ref()).await;
    let recipient = match submitted.recipient {
        None => {
            reject(field::RECIPIENT, Message::RecipientMissing);
            None
        }
        Some(recipient) if recipient == submitted.sender && !handlers.policy.allow_self => {
            reject(field::RECIPIENT, Message::RecipientIsSelf);
            None
        }
        Some(recipient) => {
            let checked = match &known.recipient {
                Recipient::Known(person) => person
                    .check(&submitted.team, handlers.policy)
                    .map_err(ineligible_message),
                Recipient::Nobody => Err(Message::RecipientUnknown),
                Recipient::NotAnswered => Ok(()),
            };
            checked
                .map_err(|message| reject(field::RECIPIENT, message))
                .ok()
                .map(|()| recipient)
        }
    };

    let (Some(text), Some(note), Some(lifetime), Some(recipient)) =
        (secret, note, submitted.lifetime, recipient)
    else {
        return Err(errors);
    };
    let person = known.recipient.person();
    Ok(NewSecret {
        team: submitted.team,
        submission_key: submitted.view,
        sender_name: known
            .sender_name
            .or(submitted.sender_name)
            .unwrap_or_else(|| submitted.sender.to_string()),
        sender: submitted.sender,
        recipient_locale: person.and_then(Person::locale).map(str::to_owned),
        recipient_tz: person.and_then(Person::tz).map(str::to_owned),
        recipient,
        text,
        note,
        lifetime,
    })
}

/// What Slack says of the two people, as far as it answered in time.
struct WhoIsWho {
    sender_name: Option<String>,
    recipient: Recipient,
}

enum Recipient {
    Known(Person),
    /// Slack says that there is no such person.
    Nobody,
    NotAnswered,
}

impl Recipient {
    const fn person(&self) -> Option<&Person> {
        match self {
            Self::Known(person) => Some(person),
            Self::Nobody | Self::NotAnswered => None,
        }
    }
}

async fn who_is_who(handlers: &Handlers, sender: &UserId, recipient: Option<&UserId>) -> WhoIsWho {
    let (sender, recipient) = tokio::join!(
        timeout(CHECK_TIMEOUT, handlers.directory.person(sender)),
        async {
            let asked = handlers.directory.person(recipient?);
            timeout(CHECK_TIMEOUT, asked).await.ok()
        },
    );
    let sender_name = sender
        .ok()
        .and_then(Result::ok)
        .and_then(|person| person.name().map(str::to_owned));
    let recipient = match recipient {
        Some(Ok(person)) => Recipient::Known(person),
        Some(Err(error)) if is_unknown_user(error.verdict()) => Recipient::Nobody,
        Some(Err(_)) | None => Recipient::NotAnswered,
    };
    WhoIsWho {
        sender_name,
        recipient,
    }
}

fn is_unknown_user(verdict: Verdict) -> bool {
    verdict == Verdict::GiveUp(shared::store::FailureReason::UserNotFound)
}

const fn ineligible_message(reason: Ineligible) -> Message<'static> {
    match reason {
        Ineligible::Slackbot => Message::RecipientIsSlackbot,
        Ineligible::Bot => Message::RecipientIsBot,
        Ineligible::Deactivated => Message::RecipientDeactivated,
        Ineligible::External => Message::RecipientExternal,
    }
}

const fn secret_message(error: SecretTextError) -> Message<'static> {
    match error {
        SecretTextError::Empty => Message::SecretEmpty,
        SecretTextError::OnlyWhitespace => Message::SecretBlank,
        SecretTextError::ContainsNul => Message::SecretNul,
        SecretTextError::TooLong { limit, chars } => Message::SecretTooLong { chars, limit },
    }
}

const fn note_message(error: SecretTextError) -> Message<'static> {
    match error {
        SecretTextError::TooLong { limit, chars } => Message::NoteTooLong { chars, limit },
        _ => Message::NoteNul,
    }
}
