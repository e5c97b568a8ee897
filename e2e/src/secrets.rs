//! Secrets made by the store itself, where a test needs their links.

use std::time::Duration;

use serde_json::Value;
use shared::{
    crypto::{Binding, DeliveryKeys, Half, LinkToken, MasterKeys, Share, Way},
    domain::{
        clock::Timestamp,
        display_name::DisplayName,
        home::Home,
        ids::{ChannelId, MessageTs, SecretId, SubmissionKey, TeamId, UserId},
        lifetime::Lifetime,
        press::{PressKey, Presser},
        secret::{NoteText, SecretText},
    },
    store::{
        Database,
        claim::{self, Which},
        create::{Created, NewSecret},
        deliveries::{DeliveryKind, Job},
        issue::{Issued, Request},
        presses::Asked,
    },
};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The key rings of a test's programs.
#[derive(Clone)]
pub struct Keys {
    /// `FERNET_KEYS`.
    pub master: String,
    /// `DELIVERY_KEYS`.
    pub delivery: String,
}

/// A secret that was sent, with its link.
pub struct Sent {
    /// Its row.
    pub secret: SecretId,
    /// The link's token.
    pub token: LinkToken,
    /// What it says.
    pub text: String,
}

/// The first button of a message.
#[must_use]
pub fn button_of(message: &Value) -> Option<&Value> {
    let blocks = message["blocks"].as_array()?.iter();
    let mut elements = blocks
        .filter_map(|block| block["elements"].as_array())
        .flatten();
    elements.find(|element| element["type"] == "button")
}

/// A member of the school who pressed a button of a message of theirs.
#[must_use]
pub fn presser(user: &str, press: &str) -> Presser {
    Presser {
        user: UserId::parse(user).unwrap(),
        other_id: None,
        place: ChannelId::parse("D0MESSAGE")
            .ok()
            .zip(MessageTs::parse("1.1").ok()),
        teams: vec![TeamId::parse("T0SCHOOL").unwrap()],
        press: PressKey::of(&[user, press]),
    }
}

impl Keys {
    /// Fresh rings of one key each.
    #[must_use]
    pub fn fresh() -> Self {
        Self {
            master: Self::key(),
            delivery: Self::key(),
        }
    }

    /// A fresh Fernet key: a link token has as many random bytes.
    #[must_use]
    pub fn key() -> String {
        format!("{}=", LinkToken::generate().unwrap().encode().as_str())
    }

    /// The parsed master ring.
    #[must_use]
    pub fn master(&self) -> MasterKeys {
        MasterKeys::parse(&self.master.clone().into()).unwrap()
    }

    /// The parsed delivery ring.
    #[must_use]
    pub fn delivery(&self) -> DeliveryKeys {
        DeliveryKeys::parse(&self.delivery.clone().into()).unwrap()
    }

    /// A submission that was checked.
    #[must_use]
    pub fn submission(key: &str, text: &str) -> NewSecret {
        NewSecret {
            home: Home::new(TeamId::parse("T0SCHOOL").unwrap(), None),
            submission_key: SubmissionKey::parse(key).unwrap(),
            sender: UserId::parse("U0ALICE").unwrap(),
            sender_name: DisplayName::parse("Alice").unwrap(),
            sender_locale: None,
            sender_tz: None,
            recipient: UserId::parse("U0BOB").unwrap(),
            recipient_locale: None,
            recipient_tz: Some("America/Toronto".to_owned()),
            text: SecretText::parse(Zeroizing::new(text.to_owned())).unwrap(),
            note: NoteText::parse_optional(Zeroizing::new("a note".to_owned())).unwrap(),
            lifetime: Lifetime::Hour1,
            way: Way::Link,
            response_url: None,
        }
    }

    /// Stores a secret and takes its link out of the delivery, as the courier would.
    pub async fn send(&self, store: &Database, text: &str) -> Sent {
        let (secret, _, half) = self.waiting(store, Way::Link, text).await;
        let Half::Token(token) = half else {
            panic!("a link is what was asked for");
        };
        Sent {
            secret,
            token,
            text: text.to_owned(),
        }
    }

    /// The same of one whose message has a button: the share, and the delivery that is under way.
    pub async fn send_with_button(&self, store: &Database, text: &str) -> (SecretId, Job, Share) {
        let (secret, job, half) = self.waiting(store, Way::Share, text).await;
        let Half::Share(share) = half else {
            panic!("a share is what was asked for");
        };
        (secret, job, share)
    }

    async fn waiting(&self, store: &Database, way: Way, text: &str) -> (SecretId, Job, Half) {
        let key = format!("V{}", Uuid::now_v7().simple());
        let new = NewSecret {
            way,
            ..Self::submission(&key, text)
        };
        let created = store
            .create(&self.master(), &self.delivery(), &new)
            .await
            .unwrap();
        let Created::New { secret, .. } = created else {
            panic!("{created:?}");
        };
        // Receipts of earlier ones may be due by now, as those are late.
        let job = loop {
            let due = Which::Due(&[]);
            let claimed = store.claim(claim::LONGEST_WAIT, due).await;
            let job = claimed.unwrap().unwrap();
            if (job.secret, job.kind) == (secret, DeliveryKind::RecipientMessage) {
                break job;
            }
            assert_eq!(job.kind, DeliveryKind::SenderReceipt);
        };
        let half = job.open(&self.delivery()).unwrap().half;
        (secret, job, half)
    }

    /// Makes a link of a share for Bob, at a press of this name.
    pub async fn link(
        &self,
        store: &Database,
        secret: SecretId,
        share: &Share,
        press: &str,
    ) -> LinkToken {
        let request = Request {
            presser: &presser("U0BOB", press),
            secret,
            share,
            lifetime: Duration::from_mins(2),
        };
        let issued = store.issue_link(&self.master(), &request).await.unwrap();
        let Asked::Done(Issued::Link(token, _)) = issued else {
            panic!("{issued:?}");
        };
        token
    }
}

/// A row of `secrets` for writing in bulk.
pub struct SealedRow {
    /// Its id.
    pub id: [u8; 16],
    /// The link's token.
    pub token: LinkToken,
    /// The sealed secret.
    pub ciphertext: Vec<u8>,
    /// The master key's id.
    pub key_id: [u8; 8],
    /// Unique.
    pub submission_key: String,
    /// An hour after the time given.
    pub expires_at: i64,
}

/// What the rows that are written in bulk say.
pub const SEALED_TEXT: &str = "ssssssssssssssssssssssssssssssss";

/// Seals [`SEALED_TEXT`], created at `now` (milliseconds since the epoch).
#[must_use]
pub fn sealed_row(keys: &MasterKeys, now: i64) -> SealedRow {
    let (secret, token) = (SecretId::generate(), LinkToken::generate().unwrap());
    let now = Timestamp::from_millis(now);
    let expires_at = now.plus(Lifetime::Hour1.duration());
    let text = SecretText::parse(Zeroizing::new(SEALED_TEXT.to_owned())).unwrap();
    let sealed = keys
        .seal(&token, Binding { secret, expires_at }, &text, None, now)
        .unwrap();
    SealedRow {
        id: *secret.as_bytes(),
        token,
        ciphertext: sealed.text,
        key_id: *sealed.key_id.as_bytes(),
        submission_key: format!("V{}", Uuid::now_v7().simple()),
        expires_at: expires_at.as_millis(),
    }
}

/// The link in a message: the address of its button, and nowhere else.
#[must_use]
pub fn link_of(message: &Value) -> String {
    let blocks = message["blocks"].as_array().unwrap();
    let actions = blocks
        .iter()
        .find(|block| block["type"] == "actions")
        .unwrap();
    let link = actions["elements"][0]["url"].as_str().unwrap().to_owned();
    let token = link.rsplit('/').next().unwrap();
    assert_eq!(
        message.to_string().matches(token).count(),
        1,
        "the link is in one place"
    );
    assert!(!message["text"].to_string().contains("http"), "{message}");
    link
}
