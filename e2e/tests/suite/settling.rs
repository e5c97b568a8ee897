//! What settling a delivery writes into its row, column by column, and what it leaves there.

use std::time::Duration;

use e2e::{Account, Keys, TestDatabase, on_each_engine};
use shared::{
    domain::ids::{ChannelId, MessageTs},
    store::{
        Database, FailureReason,
        claim::Which,
        deliveries::{DeliveryKind, Job, Nudges, Posted, Told},
        settle,
    },
};

const LEASE: Duration = Duration::from_mins(1);

/// What must be gone or taken over from the secret when something is settled, each set to a telling
/// value.
const FULL: &str = "UPDATE deliveries SET held_since = 7, untold_since = 7, update_tries = 3, shown_reuses = 9, \
                    shown_repeats = 9, shown_lost = 9";

/// What a message shows of its secret besides its end.
const VISITED: &str = "UPDATE secrets SET reuse_count = 2, repeat_count = 3, page_lost_at = 5";

/// What holds of a row that nothing is to be done about any more.
const CLOSED: [&str; 6] = [
    "key_id IS NULL",
    "sealed IS NULL",
    "next_attempt_at IS NULL",
    "leased_until IS NULL",
    "settled_at IS NOT NULL",
    "held_since IS NULL",
];

/// What holds of one that shows how things are now.
const SHOWS: [&str; 3] = ["shown_reuses = 2", "shown_repeats = 3", "shown_lost = 1"];

struct Case {
    database: TestDatabase,
    store: Database,
}

impl Case {
    /// A submission whose deliveries hold what settling has to write over.
    async fn new(engine: e2e::Engine) -> Self {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let new = Keys::submission("V1", "x");
        store
            .create(&keys.master(), &keys.delivery(), &new)
            .await
            .unwrap();
        let case = Self { database, store };
        case.run(FULL).await;
        case.run(VISITED).await;
        case
    }

    async fn run(&self, sql: &str) {
        self.database.run(Account::Migrate, sql).await.unwrap();
    }

    async fn claim(&self, kind: DeliveryKind) -> Job {
        self.run("UPDATE deliveries SET next_attempt_at = 1 WHERE next_attempt_at IS NOT NULL")
            .await;
        loop {
            let due = Which::Due(&[]);
            let job = self.store.claim(LEASE, due).await.unwrap().unwrap();
            if job.kind == kind {
                return job;
            }
        }
    }

    /// Each of these holds of the one row of a kind.
    async fn holds(&self, kind: DeliveryKind, conditions: &[&str]) {
        for condition in conditions {
            let sql = format!(
                "SELECT COUNT(*) FROM deliveries WHERE kind = '{}' AND ({condition})",
                kind.code()
            );
            assert_eq!(self.database.count(&sql).await, 1, "{kind:?}: {condition}");
        }
    }

    /// The message is out and its receipt is due again after it was posted.
    async fn posted_receipt(&self) -> Job {
        let message = self.claim(DeliveryKind::RecipientMessage).await;
        settle::sent(&self.store, &message, &posted("D1"), Nudges::default())
            .await
            .unwrap();
        let receipt = self.claim(DeliveryKind::SenderReceipt).await;
        settle::sent(&self.store, &receipt, &posted("D2"), Nudges::FAILED)
            .await
            .unwrap();
        self.run(FULL).await;
        self.run("UPDATE deliveries SET next_attempt_at = 1 WHERE kind = 'sender_receipt'")
            .await;
        self.claim(DeliveryKind::SenderReceipt).await
    }

    /// How many secrets are marked as in conflict with the trail.
    async fn conflicts(&self) -> i64 {
        let marked = "SELECT COUNT(*) FROM secrets WHERE revoked_by = 'conflict'";
        self.database.count(marked).await
    }

    /// The trail has an event of the secret already.
    async fn forge(&self, event: &str, slot: &str) {
        self.run(&format!(
            "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, metadata) \
             SELECT id, id, '{event}', '{slot}', 1, '{{}}' FROM secrets"
        ))
        .await;
    }
}

fn posted(channel: &str) -> Posted {
    Posted {
        channel: ChannelId::parse(channel).unwrap(),
        message: MessageTs::parse("1.1").unwrap(),
    }
}

on_each_engine! {
    async fn what_is_sent_shows_how_its_secret_is_and_keeps_nothing_sealed(engine) {
        let case = Case::new(engine).await;
        let job = case.claim(DeliveryKind::RecipientMessage).await;
        settle::sent(&case.store, &job, &posted("D1"), Nudges::default()).await.unwrap();
        let of_message = ["outcome = 'sent'", "channel = 'D1'", "message_ts = '1.1'", "posted_at IS NOT NULL", "untold_since IS NULL"];
        case.holds(job.kind, &[&CLOSED[..], &SHOWS, &of_message].concat()).await;
        let receipt = case.claim(DeliveryKind::SenderReceipt).await;
        settle::sent(&case.store, &receipt, &posted("D2"), Nudges::REUSED).await.unwrap();
        case.holds(receipt.kind, &[&CLOSED[..], &SHOWS, &["nudges = 2", "channel = 'D2'"]].concat()).await;
        case.database.remove().await;
    }

    async fn what_was_shown_anew_forgets_the_tries_in_vain(engine) {
        let case = Case::new(engine).await;
        let receipt = case.posted_receipt().await;
        settle::shown(&case.store, &receipt, None, Nudges::LOST).await.unwrap();
        let here = ["update_tries = 0", "nudges = 5", "channel = 'D2'", "next_attempt_at IS NULL", "leased_until IS NULL"];
        case.holds(receipt.kind, &[&SHOWS[..], &here].concat()).await;
        case.run("UPDATE deliveries SET next_attempt_at = 1 WHERE kind = 'sender_receipt'").await;
        let again = case.claim(DeliveryKind::SenderReceipt).await;
        settle::shown(&case.store, &again, Some(&posted("D3")), Nudges::default()).await.unwrap();
        case.holds(again.kind, &["channel = 'D3'", "nudges = 5"]).await;
        case.database.remove().await;
    }

    async fn what_failed_says_with_what_code_and_since_when(engine) {
        for (known, code, since) in [
            ("refusal = NULL, refused_since = NULL", "channel_not_found", "refused_since > 1000"),
            ("refusal = 'is_archived', refused_since = 11", "is_archived", "refused_since = 11"),
        ] {
            let case = Case::new(engine).await;
            case.run(&format!("UPDATE deliveries SET {known}")).await;
            let job = case.claim(DeliveryKind::RecipientMessage).await;
            settle::failed(&case.store, &job, FailureReason::Refused, Some(code)).await.unwrap();
            let refusal = format!("refusal = '{code}'");
            case.holds(job.kind, &[&CLOSED[..], &["untold_since IS NULL", &refusal, since]].concat()).await;
            let ended = "SELECT COUNT(*) FROM audit_events WHERE event = 'dm_failed' AND slot = 'terminal'";
            assert_eq!(case.database.count(ended).await, 1);
            assert_eq!(case.conflicts().await, 0);
            case.database.remove().await;
        }
    }

    async fn what_can_not_be_told_says_what_was_told_and_what_was_not(engine) {
        for (told, conditions) in [
            (Some(Told::Outcome), ["told = 'outcome'", "untold_since IS NULL"]),
            (Some(Told::Waiting), ["told = 'waiting'", "untold_since = 7"]),
            (None, ["told IS NULL", "untold_since = 7"]),
        ] {
            let case = Case::new(engine).await;
            let receipt = case.claim(DeliveryKind::SenderReceipt).await;
            settle::untellable(&case.store, &receipt, told).await.unwrap();
            case.holds(receipt.kind, &[&CLOSED[..], &conditions].concat()).await;
            case.database.remove().await;
        }
    }

    async fn an_end_that_the_trail_has_already_is_a_conflict_and_a_failure_is_none(engine) {
        let case = Case::new(engine).await;
        let job = case.claim(DeliveryKind::RecipientMessage).await;
        case.forge("viewed", "terminal").await;
        settle::failed(&case.store, &job, FailureReason::Refused, None).await.unwrap();
        let gone = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NULL AND destroyed_at IS NOT NULL";
        assert_eq!((case.database.count(gone).await, case.conflicts().await), (1, 1));
        case.database.remove().await;

        // It had ended before: only the failed delivery is to be noted, and is noted already.
        let case = Case::new(engine).await;
        let job = case.claim(DeliveryKind::RecipientMessage).await;
        case.run("UPDATE secrets SET ciphertext = NULL, note_ciphertext = NULL, destroyed_at = 1, destroy_reason = 'expired'").await;
        case.forge("dm_failed", "dm_failed").await;
        settle::failed(&case.store, &job, FailureReason::Expired, None).await.unwrap();
        assert_eq!(case.conflicts().await, 0);
        case.database.remove().await;
    }
}
