//! The store by itself, where programs can't be made to do the same.

use std::time::Duration;

use e2e::{Keys, TestDatabase, on_each_engine};
use futures_util::future::join_all;
use shared::{
    crypto::{Confirmed, Half, LinkToken, Parcel},
    domain::{
        clock::Timestamp,
        ids::{ChannelId, MessageTs, UserId},
    },
    store::{
        Ending, FailureReason, StoreError,
        audit::Visitor,
        burn::{self, Burn},
        claim::Which,
        create::Created,
        deliveries::{self, Nudges},
        held,
        later::{self, Later},
        settle,
    },
};

const LEASE: Duration = Duration::from_mins(1);

/// Of a page before which nobody waited.
fn confirmed(keys: &Keys, token: &LinkToken) -> Confirmed {
    let (ring, hash) = (keys.master(), token.hash());
    let confirmation = ring.confirm(&hash, Timestamp::from_millis(i64::MAX));
    ring.confirmed(&hash, &confirmation).unwrap()
}

on_each_engine! {
    async fn submissions_at_once_with_one_key_make_one_secret(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let attempts = (0..16).map(|number| {
            let (store, keys) = (&store, &keys);
            async move {
                let new = Keys::submission("V1", &format!("attempt {number}"));
                store.create(&keys.master(), &keys.delivery(), &new).await.unwrap()
            }
        });
        let created = join_all(attempts).await;
        let new = created.iter().filter(|created| matches!(created, Created::New { .. }));
        assert_eq!(new.count(), 1);
        assert_eq!(database.count("SELECT COUNT(*) FROM secrets").await, 1);
        assert_eq!(database.count("SELECT COUNT(*) FROM deliveries").await, 2);
        database.remove().await;
    }

    async fn a_delivery_is_leased_to_one_worker(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        for number in 0..10 {
            let new = Keys::submission(&format!("V{number}"), "x");
            store.create(&keys.master(), &keys.delivery(), &new).await.unwrap();
        }
        let claims = (0..40).map(|_| store.claim(LEASE, Which::Due(&[])));
        let mut ids: Vec<_> = join_all(claims).await.into_iter()
            .filter_map(|claimed| claimed.unwrap())
            .map(|job| job.id)
            .collect();
        let claimed = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((claimed, ids.len()), (10, 10));
        database.remove().await;
    }

    async fn many_are_claimed_at_once_but_one_to_each(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        for (number, to) in ["U0BOB", "U0BOB", "U0CAROL", "U0DAVE"].into_iter().enumerate() {
            let mut new = Keys::submission(&format!("V{number}"), "x");
            new.recipient = UserId::parse(to).unwrap();
            store.create(&keys.master(), &keys.delivery(), &new).await.unwrap();
        }
        let claim = async |busy: &[&str], at_most| {
            let busy: Vec<_> = busy.iter().map(|user| UserId::parse(user).unwrap()).collect();
            let claimed = store.claim_many(LEASE, Which::Due(&busy), at_most).await.unwrap();
            let addressees = claimed.iter().map(|claimed| claimed.addressee().unwrap().to_string());
            addressees.collect::<Vec<_>>()
        };
        assert_eq!(claim(&["U0BOB", "U0DAVE", "U0CAROL"], 9).await, [""; 0]);
        assert_eq!(claim(&["U0CAROL"], 3).await, ["U0BOB", "U0DAVE"]);
        assert_eq!(claim(&[], 1).await, ["U0BOB"], "the other of Bob's was not leased");
        assert_eq!(claim(&[], 9).await, ["U0CAROL"]);
        assert_eq!(claim(&[], 9).await, [""; 0]);
        database.remove().await;
    }

    async fn a_worker_whose_lease_is_over_changes_nothing(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let new = Keys::submission("V1", "x");
        store.create(&keys.master(), &keys.delivery(), &new).await.unwrap();
        let late = store.claim(Duration::ZERO, Which::Due(&[])).await.unwrap().unwrap();
        let current = store.claim(LEASE, Which::Due(&[])).await.unwrap().unwrap();
        assert_eq!((late.id, late.attempt, current.attempt), (current.id, 1, 2));
        let (channel, message) = (ChannelId::parse("D1").unwrap(), MessageTs::parse("1.1").unwrap());
        let posted = deliveries::Posted { channel, message };
        assert_eq!(settle::sent(&store, &late, &posted, Nudges::default()).await, Err(StoreError::Stale));
        let refused = settle::failed(&store, &late, FailureReason::Refused, None).await;
        assert_eq!(refused, Err(StoreError::Stale));
        assert_eq!(later::give_back(&store, &late, &Later::default()).await, Err(StoreError::Stale));
        settle::sent(&store, &current, &posted, Nudges::default()).await.unwrap();
        assert_eq!(settle::sent(&store, &current, &posted, Nudges::default()).await, Err(StoreError::Stale));
        let failed = "SELECT COUNT(*) FROM audit_events WHERE event = 'dm_failed'";
        assert_eq!(database.count(failed).await, 0);
        database.remove().await;
    }

    async fn a_message_to_oneself_does_not_tell_that_others_are_reached(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let new = Keys::submission("V1", "x");
        store.create(&keys.master(), &keys.delivery(), &new).await.unwrap();
        let job = store.claim(LEASE, Which::Due(&[])).await.unwrap().unwrap();
        let (channel, message) = (ChannelId::parse("D1").unwrap(), MessageTs::parse("1.1").unwrap());
        let posted = deliveries::Posted { channel, message };
        settle::sent(&store, &job, &posted, Nudges::default()).await.unwrap();
        let since = job.facts.created_at;
        for (addressee, reached) in [(&new.recipient, false), (&new.sender, true)] {
            let others = held::others_were_reached(&store, addressee, since).await;
            assert_eq!(others, Ok(reached), "{addressee}");
        }
        database.remove().await;
    }

    async fn a_link_that_was_opened_did_arrive_whoever_forgot_to_say_so(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let new = Keys::submission("V1", "x");
        store.create(&keys.master(), &keys.delivery(), &new).await.unwrap();
        let died = store.claim(Duration::ZERO, Which::Due(&[])).await.unwrap().unwrap();
        let Ok(Parcel { half: Half::Token(token), .. }) = died.open(&keys.delivery()) else {
            unreachable!("a link is what was asked for");
        };
        let (master, visitor) = (keys.master(), Visitor::default());
        store.burn(&master, &token, &confirmed(&keys, &token), &visitor, || false, |_| ()).await.unwrap();
        let next = store.claim(LEASE, Which::Due(&[])).await.unwrap().unwrap();
        assert!(matches!(next.facts.ending, Some(Ending::Viewed { .. })));
        settle::arrived(&store, &next).await.unwrap();
        let receipt = store.claim(LEASE, Which::Due(&[])).await.unwrap().unwrap();
        assert_eq!(receipt.kind, deliveries::DeliveryKind::SenderReceipt);
        assert_eq!(receipt.outcome, Some(deliveries::Outcome::Sent));
        let events = "SELECT COUNT(*) FROM audit_events WHERE event = 'dm_failed'";
        assert_eq!(database.count(events).await, 0);
        database.remove().await;
    }

    async fn a_requester_who_left_burns_nothing(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let sent = keys.send(&store, "still there").await;
        let (master, visitor) = (keys.master(), Visitor::default());
        let render = |opened: &burn::Opened| opened.text.expose().to_owned();
        let burned = store.burn(&master, &sent.token, &confirmed(&keys, &sent.token), &visitor, || true, render).await;
        assert_eq!(burned, Ok(Burn::Abandoned));
        let burned = store.burn(&master, &sent.token, &confirmed(&keys, &sent.token), &visitor, || false, render).await;
        assert!(matches!(&burned, Ok(Burn::Revealed { opening, rendered }) if opening.secret == sent.secret && rendered == "still there"), "{burned:?}");
        database.remove().await;
    }

    async fn a_swapped_or_extended_row_does_not_open(engine) {
        let database = TestDatabase::migrated(engine).await;
        let (store, keys) = (database.store().await, Keys::fresh());
        let sent = keys.send(&store, "bound to its expiry").await;
        let extend = "UPDATE secrets SET expires_at = expires_at + 1";
        database.run(e2e::Account::Migrate, extend).await.unwrap();
        let (master, visitor) = (keys.master(), Visitor::default());
        let burned = store.burn(&master, &sent.token, &confirmed(&keys, &sent.token), &visitor, || false, |_| ()).await;
        assert!(matches!(burned, Err(burn::BurnError::Undecryptable { .. })), "{burned:?}");
        let live = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";
        assert_eq!(database.count(live).await, 1);
        database.remove().await;
    }
}
