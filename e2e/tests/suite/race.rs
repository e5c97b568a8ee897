//! Many at once: one of them sees the secret.

use std::{collections::HashMap, sync::Arc};

use e2e::{Options, Page, World, on_each_engine};
use futures_util::future::join_all;
use tokio::sync::Semaphore;

const SECRETS: usize = 200;
const READERS: usize = 64;
/// Secrets raced for at a time.
const AT_A_TIME: usize = 3;

/// On a busy machine a visitor may be told to come back, as nothing is lost by it.
async fn patient(visit: impl AsyncFn() -> Page) -> Page {
    loop {
        let page = visit().await;
        if page.status != 503 {
            return page;
        }
    }
}

on_each_engine! {
    async fn each_secret_is_seen_by_exactly_one_reader(engine) {
        let mut options = Options { bot: false, webs: 2, ..Options::default() };
        // The readers come as through a proxy, which may connect as often as it likes.
        options.web_variables.push(("TRUSTED_PROXIES", "127.0.0.1".to_owned()));
        let world = World::with(engine, options).await;
        let store = world.database.store().await;
        let mut sent = Vec::new();
        for number in 0..SECRETS {
            sent.push(world.keys.send(&store, &format!("secret number {number}")).await);
        }
        let room = Arc::new(Semaphore::new(AT_A_TIME));
        let races = sent.iter().map(|sent| {
            let (room, world) = (Arc::clone(&room), &world);
            async move {
                let _turn = room.acquire().await.unwrap();
                let token = sent.token.encode();
                let page = patient(async || world.webs[0].look(&token).await).await;
                let confirmation = page.confirmation().unwrap();
                let readers = (0..READERS).map(|reader| {
                    let web = &world.webs[reader % 2];
                    let token = &token;
                    patient(async move || web.press(token, confirmation).await)
                });
                let pages = join_all(readers).await;
                let mut seen = HashMap::<u16, usize>::new();
                for page in &pages {
                    *seen.entry(page.status).or_default() += 1;
                    assert_eq!(page.secret().is_some(), page.status == 200);
                }
                let texts: Vec<_> = pages.iter().filter_map(Page::secret).collect();
                assert_eq!(texts, std::slice::from_ref(&sent.text), "{seen:?}");
            }
        });
        join_all(races).await;
        let viewed = "SELECT COUNT(*) FROM audit_events WHERE event = 'viewed'";
        assert_eq!(world.database.count(viewed).await, i64::try_from(SECRETS).unwrap());
        world.finish().await;
    }
}
