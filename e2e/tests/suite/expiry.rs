//! What nobody opens in time is destroyed, once.

use e2e::{Account, Options, Sent, World, on_each_engine};
use shared::store::{audit::Visitor, expire, look};

async fn expire_all(world: &World) {
    let sql = "UPDATE secrets SET expires_at = created_at - 1";
    world.database.run(Account::Migrate, sql).await.unwrap();
}

async fn send(world: &World, count: usize) -> Vec<Sent> {
    let store = world.database.store().await;
    let mut sent = Vec::new();
    for number in 0..count {
        sent.push(world.keys.send(&store, &format!("secret {number}")).await);
    }
    sent
}

const NO_BOT: fn() -> Options = || Options {
    bot: false,
    ..Options::default()
};

on_each_engine! {
    async fn a_visit_to_an_expired_link_destroys_it(engine) {
        let world = World::with(engine, NO_BOT()).await;
        let sent = send(&world, 2).await;
        expire_all(&world).await;
        let page = world.web().look(&sent[0].token.encode()).await;
        assert_eq!((page.status, page.state()), (410, "expired"));
        let page = world.web().reveal(&sent[1].token.encode()).await;
        assert_eq!((page.status, page.state()), (410, "expired"));
        let again = world.web().reveal(&sent[1].token.encode()).await;
        assert_eq!((again.status, again.state()), (410, "expired"));
        let events = world.events().await;
        assert_eq!(events.iter().filter(|event| *event == "expired_destroyed").count(), 2);
        world.finish().await;
    }

    async fn sweepers_and_visits_race_to_one_event_each(engine) {
        const SECRETS: usize = 120;
        let world = World::with(engine, NO_BOT()).await;
        let sent = send(&world, SECRETS).await;
        expire_all(&world).await;
        let stores = [world.database.store().await, world.database.store().await, world.database.store().await];
        let sweep = async |store| {
            // Rows that others hold are passed over: an empty batch is the end for this one.
            while expire::sweep_batch(store, 7, &[]).await.unwrap().destroyed > 0 {}
        };
        let visits = async {
            let visitor = Visitor::default();
            for sent in &sent {
                let seen = look::look(&stores[0], &sent.token.hash(), &visitor).await.unwrap();
                let look::Look::Ended(ended) = seen else { unreachable!("{seen:?}") };
                assert_eq!(ended.ending, shared::store::Ending::Expired);
            }
        };
        tokio::join!(sweep(&stores[0]), sweep(&stores[1]), sweep(&stores[2]), visits);
        let count = i64::try_from(SECRETS).unwrap();
        let events = "SELECT COUNT(*) FROM audit_events WHERE event = 'expired_destroyed'";
        assert_eq!(world.database.count(events).await, count);
        let gone = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NULL";
        assert_eq!(world.database.count(gone).await, count);
        world.finish().await;
    }

    async fn a_batch_says_how_many_it_destroyed_and_whether_there_may_be_more(engine) {
        let world = World::with(engine, NO_BOT()).await;
        send(&world, 9).await;
        expire_all(&world).await;
        let store = world.database.store().await;
        for expected in [(7, true), (2, false), (0, false)] {
            let swept = expire::sweep_batch(&store, 7, &[]).await.unwrap();
            assert_eq!((swept.destroyed, swept.is_full), expected);
        }
        world.finish().await;
    }

    async fn the_bot_sweeps_by_itself(engine) {
        let bot_variables = vec![("CLEANUP_INTERVAL", "1s".to_owned())];
        let mut world = World::with(engine, Options { bot_variables, ..Options::default() }).await;
        world.alice_sends_bob(e2e::Submission { secret: "unseen", ..Default::default() }).await;
        expire_all(&world).await;
        e2e::eventually("the sweep", || async {
            let events = world.events().await;
            events.contains(&"expired_destroyed".to_owned()).then_some(())
        })
        .await;
        world.finish().await;
    }
}
