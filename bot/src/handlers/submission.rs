//! A submitted dialog: check it, store it, and only then acknowledge.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use shared::{
    domain::{
        display_name::DisplayName,
        ids::UserId,
        secret::{NoteText, SECRET_MAX_CHARS, SecretText, SecretTextError},
    },
    store::{
        StoreError,
        create::{Created, NewSecret},
        submissions::StoredSubmission,
    },
    text::{Locale, Message, text},
};
use tokio::time::timeout;

use super::{bounded::Refusal, language::Reader, submitted::Submitted};
use crate::context::Context;
use crate::{
    envelope::Acknowledgement,
    modal::{self, Layout, field},
    settings::Policy,
    slack::{Ineligible, Person, Verdict},
};

/// How long the recipient check may take. Without an answer the submission is accepted, and the
/// courier decides.
const CHECK_TIMEOUT: Duration = Duration::from_millis(700);

/// What Slack shall do with the dialog.
pub(super) struct Answer {
    /// What came of the submission, in a word for log and metrics.
    pub(super) outcome: &'static str,
    action: Action,
}

enum Action {
    Close,
    Update(Value),
    /// Texts by block.
    Errors(FieldErrors),
}

impl Answer {
    /// Acknowledges the submission.
    pub(super) fn send(self, kind: &'static str, acknowledge: Acknowledgement) {
        match self.action {
            Action::Close => acknowledge.bare(kind),
            Action::Update(view) => {
                let payload = json!({ "response_action": "update", "view": view });
                acknowledge.with(kind, &payload);
            }
            Action::Errors(errors) => acknowledge.with(kind, &errors_payload(errors)),
        }
    }

    /// Says something beside the secret's field; what was typed stays.
    fn beside_secret(locale: Locale, outcome: &'static str, message: Message<'_>) -> Self {
        Self {
            outcome,
            action: Action::Errors(vec![(field::SECRET[0], text(locale, message))]),
        }
    }
}

/// For a submission without an answer of its own.
pub(super) fn refused(locale: Locale, refusal: Refusal) -> Answer {
    let beside_secret = |outcome, message| Answer::beside_secret(locale, outcome, message);
    match refusal {
        Refusal::Busy => beside_secret("busy", Message::SubmissionBusy),
        Refusal::TimeUp => beside_secret("unconfirmed", Message::SubmissionUnconfirmed),
        Refusal::Panicked => beside_secret("panicked", Message::SubmissionUnconfirmed),
    }
}

fn errors_payload(errors: FieldErrors) -> Value {
    let errors: Map<String, Value> = errors
        .into_iter()
        .map(|(block, error)| (block.to_owned(), error.into()))
        .collect();
    json!({ "response_action": "errors", "errors": errors })
}

/// Submissions stored at a time. Half as many as the database's pool has connections: a burst must
/// not stand in line before those who type the command, nor before messages.
pub(crate) const STORED_AT_A_TIME: usize = 16;

/// Longest wait for one of these places: whoever submitted has been answered by then.
const PLACE_PATIENCE: Duration = Duration::from_secs(2);

/// Checks a submission, and stores it if it can be.
pub(super) async fn check_and_store(context: Arc<Context>, submitted: Submitted) -> Answer {
    let sender = submitted.sender.clone();
    let layout = submitted.layout.clone();
    let new = match check(&context, submitted).await {
        Ok(new) => new,
        Err(mistakes) => {
            let Reader { locale, .. } = context.reader_of(&layout, Some(&sender));
            let in_words = |(block, message)| (block, text(locale, message));
            let errors = mistakes.into_iter().map(in_words).collect();
            return Answer {
                outcome: "mistakes",
                action: Action::Errors(errors),
            };
        }
    };
    match store(&context, &new).await {
        Ok(Created::New { secret, .. }) => {
            tracing::info!(submission.key = %new.submission_key, secret.id = %secret, "a secret was stored");
            context.work_waits.notify_one();
            Answer {
                outcome: "stored",
                action: Action::Close,
            }
        }
        Ok(Created::AlreadyStored(stored)) => {
            tracing::info!(submission.key = %new.submission_key, secret.id = %stored.secret, "a submission came again");
            Answer {
                outcome: "stored_before",
                action: Action::Update(already_sent(&context, &layout, &sender, &stored)),
            }
        }
        Err(error) => {
            tracing::error!(submission.key = %new.submission_key, %error, "a submission could not be stored");
            let (outcome, message) = match error {
                StoreError::CommitUnknown => ("unconfirmed", Message::SubmissionUnconfirmed),
                _ => ("unavailable", Message::SubmissionUnavailable),
            };
            let Reader { locale, .. } = context.reader_of(&layout, Some(&sender));
            Answer::beside_secret(locale, outcome, message)
        }
    }
}

async fn store(context: &Context, new: &NewSecret) -> Result<Created, StoreError> {
    let Context {
        database,
        master_keys,
        delivery_keys,
        ..
    } = context;
    let place = timeout(PLACE_PATIENCE, context.storing.acquire());
    let Ok(Ok(_place)) = place.await else {
        return Err(StoreError::Unreachable);
    };
    // Large: only those that have a place have one.
    Box::pin(database.create(master_keys, delivery_keys, new)).await
}

fn already_sent(
    context: &Context,
    layout: &Layout,
    sender: &UserId,
    stored: &StoredSubmission,
) -> Value {
    let reader = context.reader_of(layout, Some(sender));
    modal::already_sent(reader.locale, stored, reader.tz.as_deref())
}

type FieldErrors = Vec<(&'static str, String)>;
type Mistakes = Vec<(&'static str, Message<'static>)>;

async fn check(context: &Context, mut submitted: Submitted) -> Result<NewSecret, Mistakes> {
    let mut mistakes = Vec::new();
    let mut reject = |block, message| mistakes.push((block, message));

    let secret = SecretText::join(std::mem::take(&mut submitted.secret))
        .map_err(|(part, error)| {
            let block = field::SECRET.get(part).copied().unwrap_or(field::SECRET[0]);
            reject(block, secret_message(error, submitted.layout.fields));
        })
        .ok();
    let note = NoteText::parse_optional(std::mem::take(&mut submitted.note))
        .map_err(|error| reject(field::NOTE, note_message(error)))
        .ok();
    if submitted.lifetime.is_none() {
        reject(field::LIFETIME, Message::LifetimeMissing);
    }
    let known = who_is_who(context, &submitted.sender, submitted.recipient.as_ref()).await;
    let recipient = match submitted.recipient.clone() {
        None => {
            reject(field::RECIPIENT, Message::RecipientMissing);
            None
        }
        Some(recipient) => {
            let checked = known.check(&recipient, &submitted, context.policy);
            checked
                .map_err(|message| reject(field::RECIPIENT, message))
                .ok()
                .map(|()| recipient)
        }
    };

    let (Some(text), Some(note), Some(lifetime), Some(recipient)) =
        (secret, note, submitted.lifetime, recipient)
    else {
        return Err(mistakes);
    };
    let person = known.recipient.person();
    let sender_name = known.sender.as_ref().and_then(Person::name);
    Ok(NewSecret {
        way: context.links.way,
        response_url: submitted
            .answer
            .as_ref()
            .and_then(|answer| answer.open(context, &submitted.sender)),
        home: submitted.home,
        submission_key: submitted.view,
        sender_locale: known
            .sender
            .as_ref()
            .and_then(Person::locale)
            .or(submitted.layout.language.map(Locale::tag))
            .map(str::to_owned),
        sender_tz: known
            .sender
            .as_ref()
            .and_then(Person::tz)
            .map(str::to_owned)
            .or(submitted.layout.tz),
        sender_name: sender_name
            .or(submitted.sender_name)
            .unwrap_or_else(|| DisplayName::of_nameless(&submitted.sender)),
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
    sender: Option<Person>,
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

impl WhoIsWho {
    /// Whether the recipient may get it, as far as is known.
    fn check(
        &self,
        recipient: &UserId,
        submitted: &Submitted,
        policy: Policy,
    ) -> Result<(), Message<'static>> {
        let checked = match &self.recipient {
            _ if !policy.allow_self && self.is_oneself(recipient, &submitted.sender) => {
                Err(Ineligible::Oneself)
            }
            Recipient::Known(person) => person.check(&submitted.home, policy),
            Recipient::Nobody => return Err(Message::RecipientUnknown),
            Recipient::NotAnswered => Ok(()),
        };
        checked.map_err(ineligible_message)
    }

    fn is_oneself(&self, recipient: &UserId, sender: &UserId) -> bool {
        let (known, of_sender) = (self.recipient.person(), self.sender.as_ref());
        recipient == sender
            || known.is_some_and(|person| person.is(sender, of_sender))
            || of_sender.is_some_and(|person| person.is(recipient, known))
    }
}

async fn who_is_who(context: &Context, sender: &UserId, recipient: Option<&UserId>) -> WhoIsWho {
    let (sender, recipient) = tokio::join!(
        timeout(CHECK_TIMEOUT, context.directory.person(sender)),
        async {
            let asked = context.directory.person(recipient?);
            timeout(CHECK_TIMEOUT, asked).await.ok()
        },
    );
    let sender = sender.ok().and_then(Result::ok);
    let recipient = match recipient {
        Some(Ok(person)) => Recipient::Known(person),
        Some(Err(error)) if is_unknown_user(error.verdict()) => Recipient::Nobody,
        Some(Err(_)) | None => Recipient::NotAnswered,
    };
    WhoIsWho { sender, recipient }
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
        Ineligible::Guest => Message::RecipientGuest,
        Ineligible::Oneself => Message::RecipientIsSelf,
    }
}

/// What is wrong with a secret in a dialog with so many fields.
fn secret_message(error: SecretTextError, fields: usize) -> Message<'static> {
    match error {
        SecretTextError::Empty => Message::SecretEmpty,
        SecretTextError::OnlyInvisible => Message::SecretBlank,
        SecretTextError::ContainsNul => Message::SecretNul,
        SecretTextError::TooLong { limit, chars } if fields < field::SECRET.len() => {
            Message::SecretTooLong { chars, limit }
        }
        SecretTextError::TooLong { limit, chars } => {
            let total = SECRET_MAX_CHARS;
            Message::SecretTooLongLast {
                chars,
                limit,
                total,
            }
        }
    }
}

const fn note_message(error: SecretTextError) -> Message<'static> {
    match error {
        SecretTextError::TooLong { limit, chars } => Message::NoteTooLong { chars, limit },
        _ => Message::NoteNul,
    }
}
