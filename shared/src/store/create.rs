//! Storing a submission: the secret, its first audit event and what must be delivered, in one
//! transaction.

use std::time::Duration;

use sea_orm::{EntityTrait, Set};

use super::{
    Database, StoreError,
    audit::{self, Event, NewEntry, Slot},
    database,
    deliveries::DeliveryKind,
    entity::{delivery, secret},
    line::Transaction,
    submissions::{self, StoredSubmission},
};
use crate::{
    crypto::{Binding, DeliveryKeys, Half, MasterKeys, Parcel, ResponseUrl, Way},
    domain::{
        clock::Timestamp,
        display_name::DisplayName,
        home::Home,
        ids::{DeliveryId, SecretId, SubmissionKey, UserId},
        lifetime::Lifetime,
        secret::{NoteText, SecretText},
    },
};

/// A submission that was checked and is to be stored.
pub struct NewSecret {
    /// Where it is at home.
    pub home: Home,
    /// What makes it the same submission when it comes again.
    pub submission_key: SubmissionKey,
    /// Who sends it.
    pub sender: UserId,
    /// The sender's name as the recipient will see it.
    pub sender_name: DisplayName,
    /// The sender's language in Slack, e.g. `fr-CA`.
    pub sender_locale: Option<String>,
    /// The sender's time zone in Slack, e.g. `America/Toronto`.
    pub sender_tz: Option<String>,
    /// Whom it is for.
    pub recipient: UserId,
    /// The recipient's language in Slack, e.g. `fr-CA`.
    pub recipient_locale: Option<String>,
    /// The recipient's time zone in Slack, e.g. `America/Toronto`.
    pub recipient_tz: Option<String>,
    /// The secret.
    pub text: SecretText,
    /// The note beside it.
    pub note: Option<NoteText>,
    /// How long it can be opened.
    pub lifetime: Lifetime,
    /// Whether its message has the link, or a button that gives one.
    pub way: Way,
    /// The way to answer the command that opened the dialog.
    pub response_url: Option<ResponseUrl>,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is stored now.
    New {
        /// Its row.
        secret: SecretId,
        /// Until when it can be opened.
        expires_at: Timestamp,
    },
    /// It was stored before: nothing new was made, whatever it contained this time.
    AlreadyStored(StoredSubmission),
}

impl Database {
    /// Stores a submission once. On [`StoreError::CommitUnknown`] it may or may not be stored;
    /// asking again with the same submission key is safe.
    pub async fn create(
        &self,
        master_keys: &MasterKeys,
        delivery_keys: &DeliveryKeys,
        new: &NewSecret,
    ) -> Result<Created, StoreError> {
        let mut stored = insert(self, master_keys, delivery_keys, new).await;
        if stored == Err(StoreError::Deadlock) {
            stored = insert(self, master_keys, delivery_keys, new).await;
        }
        if stored != Err(StoreError::Duplicate) {
            return stored;
        }
        match submissions::find(self, new.home.team(), &new.submission_key).await? {
            Some(submission) => Ok(Created::AlreadyStored(submission)),
            None => Err(StoreError::Duplicate),
        }
    }
}

async fn insert(
    database: &Database,
    master_keys: &MasterKeys,
    delivery_keys: &DeliveryKeys,
    new: &NewSecret,
) -> Result<Created, StoreError> {
    let half = Half::generate(new.way)?;
    let secret = SecretId::generate();
    let transaction = database.begin().await?;
    let work = async {
        let now = database.clock_in(&transaction).await?;
        let expires_at = now.plus(new.lifetime.duration());
        let binding = Binding { secret, expires_at };
        insert_secret(&transaction, master_keys, &half, binding, now, new).await?;
        append_created(&transaction, binding, now, new).await?;
        let parcel = Parcel {
            half,
            note: new.note.clone(),
        };
        insert_deliveries(&transaction, delivery_keys, secret, parcel, now, new).await?;
        Ok(Created::New { secret, expires_at })
    }
    .await;
    database::finish(transaction, work).await
}

async fn insert_secret(
    transaction: &Transaction,
    master_keys: &MasterKeys,
    half: &Half,
    binding: Binding,
    now: Timestamp,
    new: &NewSecret,
) -> Result<(), StoreError> {
    let sealed = master_keys.seal(half.borrowed(), binding, &new.text, new.note.as_ref(), now)?;
    let row = secret::ActiveModel {
        id: Set(binding.secret),
        format: Set(half.way().format().into()),
        token_hash: Set(half.hash().as_bytes().to_vec()),
        submission_key: Set(new.submission_key.to_string()),
        part: Set(submissions::ONLY_PART),
        ciphertext: Set(Some(sealed.text)),
        note_ciphertext: Set(sealed.note),
        key_id: Set(sealed.key_id.as_bytes().to_vec()),
        team: Set(new.home.team().to_string()),
        organization: Set(new.home.organization().map(ToString::to_string)),
        sender: Set(new.sender.to_string()),
        sender_name: Set(new.sender_name.to_string()),
        sender_locale: Set(new.sender_locale.clone()),
        sender_tz: Set(new.sender_tz.clone()),
        recipient: Set(new.recipient.to_string()),
        recipient_locale: Set(new.recipient_locale.clone()),
        recipient_tz: Set(new.recipient_tz.clone()),
        created_at: Set(now),
        expires_at: Set(binding.expires_at),
        viewed_at: Set(None),
        destroyed_at: Set(None),
        destroy_reason: Set(None),
        burn_id: Set(None),
        reuse_count: Set(0),
        reused_at: Set(None),
        reuse_told: Set(0),
        reuse_told_at: Set(None),
        confirmed_by: Set(None),
        repeat_count: Set(0),
        repeated_at: Set(None),
        page_lost_at: Set(None),
        revoked_by: Set(None),
        dispute_count: Set(0),
        disputed_at: Set(None),
    };
    secret::Entity::insert(row)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

async fn append_created(
    transaction: &Transaction,
    binding: Binding,
    now: Timestamp,
    new: &NewSecret,
) -> Result<(), StoreError> {
    let entry = NewEntry {
        secret: binding.secret,
        event: Event::Created {
            lifetime: new.lifetime.code(),
            expires_at: binding.expires_at,
            note: new.note.is_some(),
        },
        slot: Some(Slot::Created),
        occurred_at: now,
        actor: Some(new.sender.as_str()),
        team: new.home.team().as_str(),
        sender: new.sender.as_str(),
        recipient: new.recipient.as_str(),
        visitor: None,
    };
    audit::append(transaction, entry).await
}

/// When a message that is not out yet is late, and its sender is told so.
const LATE_AFTER: Duration = Duration::from_mins(1);

/// The recipient's message is due at once; the receipt becomes due when that is settled, so that it
/// can say how it went, or when that is late.
async fn insert_deliveries(
    transaction: &Transaction,
    delivery_keys: &DeliveryKeys,
    secret: SecretId,
    parcel: Parcel,
    now: Timestamp,
    new: &NewSecret,
) -> Result<(), StoreError> {
    let message = DeliveryId::generate();
    let sealed = delivery_keys.seal(message, secret, &parcel, now)?;
    let row = |id: DeliveryId, kind: DeliveryKind, addressee: &UserId| delivery::ActiveModel {
        id: Set(id),
        secret_id: Set(secret),
        kind: Set(kind.code().to_owned()),
        addressee: Set(addressee.to_string()),
        key_id: Set(None),
        sealed: Set(None),
        attempts: Set(0),
        next_attempt_at: Set(None),
        leased_until: Set(None),
        settled_at: Set(None),
        outcome: Set(None),
        channel: Set(None),
        message_ts: Set(None),
        shown: Set(None),
        shown_reuses: Set(0),
        shown_repeats: Set(0),
        shown_lost: Set(0),
        shown_disputes: Set(0),
        created_at: Set(now),
        posted_at: Set(None),
        refusal: Set(None),
        refused_since: Set(None),
        held_since: Set(None),
        doubtful: Set(0),
        update_tries: Set(0),
        told: Set(None),
        untold_since: Set(None),
        nudges: Set(0),
        typographic: Set(0),
    };
    let message = delivery::ActiveModel {
        key_id: Set(Some(sealed.key_id.as_bytes().to_vec())),
        sealed: Set(Some(sealed.content)),
        next_attempt_at: Set(Some(now)),
        ..row(message, DeliveryKind::RecipientMessage, &new.recipient)
    };
    let receipt = DeliveryId::generate();
    let answer = new.response_url.as_ref();
    let answer = answer.map(|answer| delivery_keys.seal_response_url(receipt, secret, answer));
    let answer = answer.transpose()?;
    let receipt = delivery::ActiveModel {
        key_id: Set(answer
            .as_ref()
            .map(|answer| answer.key_id.as_bytes().to_vec())),
        sealed: Set(answer.map(|answer| answer.content)),
        next_attempt_at: Set(Some(now.plus(LATE_AFTER))),
        typographic: Set(new.text.is_typographic().into()),
        ..row(receipt, DeliveryKind::SenderReceipt, &new.sender)
    };
    delivery::Entity::insert_many([message, receipt])
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}
