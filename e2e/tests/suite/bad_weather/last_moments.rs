//! A secret is opened as its time runs out: it is shown or it expires, and never both.

use std::{fmt::Write as _, time::Duration};

use e2e::{
    Account, Options, Page, Sent, Web, World, eventually,
    mysql_proxy::{Aim, Fault, Hold, MySqlProxy, Trip, Whose},
    on_each_engine,
};
use futures_util::future::{join, join_all};
use shared::{
    crypto::Binding,
    domain::{clock::Timestamp, secret::SecretText},
    store::{Database, expire},
};
use zeroize::Zeroizing;

use super::world_of_lanes;

/// A secret whose time is over in so many milliseconds, as if it had been sent long ago.
async fn runs_out(world: &World, store: &Database, sent: &Sent, millis: i64) -> Timestamp {
    let now = store.clock().await.unwrap();
    let expires_at = Timestamp::from_millis(now.as_millis() + millis);
    let text = SecretText::parse(Zeroizing::new(sent.text.clone())).unwrap();
    let binding = Binding {
        secret: sent.secret,
        expires_at,
    };
    let sealed = world
        .keys
        .master()
        .seal(&sent.token, binding, &text, None, now);
    let sealed = sealed.unwrap();
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        })
    };
    let row = format!(
        "UPDATE secrets SET ciphertext = X'{}', note_ciphertext = NULL, key_id = X'{}', \
         expires_at = {} WHERE id = X'{}'",
        hex(&sealed.text),
        hex(sealed.key_id.as_bytes()),
        expires_at.as_millis(),
        sent.secret.as_uuid().simple()
    );
    world.database.run(Account::Migrate, &row).await.unwrap();
    expires_at
}

/// Exactly one of the two came about, and everybody was told that one. Whether it was shown.
async fn is_shown_or_expired(world: &World, sent: &Sent, pages: &[Page]) -> bool {
    let id = sent.secret.as_uuid().simple();
    let reason = format!("SELECT destroy_reason FROM secrets WHERE id = X'{id}'");
    let reason = world.database.text(&reason).await;
    let shown: Vec<_> = pages.iter().filter_map(Page::secret).collect();
    let states: Vec<_> = pages.iter().map(Page::state).collect();
    let is_shown = !shown.is_empty();
    if is_shown {
        assert_eq!(shown, [&*sent.text], "{reason}");
    }
    assert_eq!(
        reason,
        if is_shown { "viewed" } else { "expired" },
        "{states:?}"
    );
    let fitting: &[&str] = if is_shown {
        &["opened", "repeated"]
    } else {
        &["expired"]
    };
    let others = pages.iter().filter(|page| page.secret().is_none());
    for page in others.filter(|page| page.confirmation().is_none()) {
        assert!(fitting.contains(&page.state()), "{reason}: {states:?}");
    }
    is_shown
}

/// Presses from before the end to after it, by two reveal-webs, and a visit just then.
async fn race(world: &World, store: &Database, sent: &Sent, number: u64) -> bool {
    let token = sent.token.encode();
    let page = world.web().look(&token).await;
    let confirmation = page.confirmation().unwrap();
    let millis = 200 + i64::try_from(number % 7).unwrap();
    let end = runs_out(world, store, sent, millis).await;
    let left = store.clock().await.unwrap().until(end);
    // How long a press takes is not known: some come before the end, some after it, some at it.
    let early = [90, 60, 30, 12, 0][usize::try_from(number % 5).unwrap()];
    let at_the_end = tokio::time::sleep(left.saturating_sub(Duration::from_millis(early)));
    at_the_end.await;
    let press = async |web: &Web, after: u64| {
        tokio::time::sleep(Duration::from_millis(after)).await;
        web.press(&token, confirmation).await
    };
    let presses = [
        press(&world.webs[0], 0),
        press(&world.webs[1], 3),
        press(&world.webs[0], 9),
    ];
    let (mut pages, visited) = join(join_all(presses), world.webs[1].look(&token)).await;
    pages.push(visited);
    eventually("its end", || async {
        let state = world.webs[1].look(&token).await;
        state.confirmation().is_none().then_some(())
    })
    .await;
    is_shown_or_expired(world, sent, &pages).await
}

on_each_engine! {
    async fn a_secret_is_opened_or_expires_whoever_comes_at_the_end(engine) {
        const SECRETS: u64 = 60;
        let options = Options { bot: false, webs: 2, ..Options::default() };
        let world = World::with(engine, options).await;
        let store = world.database.store().await;
        let sweeper = world.database.store().await;
        let mut sent = Vec::new();
        for number in 0..SECRETS {
            sent.push(world.keys.send(&store, &format!("secret number {number}")).await);
        }
        let races = async {
            let mut shown = 0;
            for (at, some) in sent.chunks(6).enumerate() {
                let numbered = (u64::try_from(at).unwrap() * 6..).zip(some);
                let races = numbered.map(|(number, sent)| race(&world, &store, sent, number));
                shown += join_all(races).await.into_iter().filter(|shown| *shown).count();
            }
            shown
        };
        let sweeps = async {
            loop {
                expire::sweep_batch(&sweeper, 3, &[]).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let shown = tokio::select! {
            shown = races => shown,
            () = sweeps => 0,
        };
        assert!(shown <= sent.len());
        world.finish().await;
    }
}

/// An opening is held at one of its round trips until time is over; a sweeper comes by then, or
/// not.
async fn held_until_over(
    world: &World,
    (web, proxy): (&Web, &MySqlProxy),
    sent: Sent,
    (number, trip): (usize, Trip),
    is_swept: bool,
) {
    let case = format!("held at {number}, {trip:?}, swept: {is_swept}");
    let store = world.database.store().await;
    let token = sent.token.encode();
    let page = web.look(&token).await;
    let confirmation = page.confirmation().unwrap();
    let end = runs_out(world, &store, &sent, 2500).await;
    let held = (Aim::Nth(number), Fault::Held(Hold::UntilReleased));
    let hash = sent.token.hash();
    let names: [&[u8]; 2] = [hash.as_bytes(), sent.secret.as_bytes()];
    let watch = proxy.watch(Whose::All, &names, &[held]);
    let (page, ()) = join(web.press(&token, confirmation), async {
        watch.hit().await;
        eventually(&case, || async {
            let now = store.clock().await.unwrap();
            (now.as_millis() > end.as_millis()).then_some(())
        })
        .await;
        if is_swept {
            expire::sweep_batch(&store, 10, &[]).await.unwrap();
        }
        watch.release();
    })
    .await;
    watch.is_at_rest().await;
    let is_shown = is_shown_or_expired(world, &sent, &[page]).await;
    // What was taken in time is the visitor's.
    assert_eq!(is_shown, trip == Trip::Whole, "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_taken_in_time_is_shown_and_no_other() {
    const TRIPS: [Trip; 2] = [Trip::Alone, Trip::Whole];
    let (world, proxies) = world_of_lanes(TRIPS.len(), false).await;
    let store = world.database.store().await;
    // One after the other, as a sweeper takes whatever is over.
    for is_swept in [false, true] {
        let mut sent = Vec::new();
        for _ in TRIPS {
            sent.push(world.keys.send(&store, "just in time").await);
        }
        let lanes = world.webs[1..].iter().zip(&proxies);
        let at = lanes.zip(sent).zip(TRIPS.into_iter().enumerate());
        join_all(
            at.map(|((lane, sent), trip)| held_until_over(&world, lane, sent, trip, is_swept)),
        )
        .await;
    }
    world.finish().await;
}
