//! Keys change; secrets stay readable as long as their key is there.

use e2e::{Keys, Options, World, on_each_engine};

on_each_engine! {
    async fn a_missing_key_loses_nothing(engine) {
        let mut world = World::with(engine, Options { bot: false, webs: 0, ..Options::default() }).await;
        let sent = world.keys.send(&world.database.store().await, "sealed before").await;
        let token = sent.token.encode();
        let (old, new) = (world.keys.master.clone(), Keys::key());
        for ring in [new.clone(), format!("{new},{old}")] {
            world.start_web(&[("FERNET_KEYS", ring)]).await;
        }
        for _ in 0..3 {
            let page = world.webs[0].reveal(&token).await;
            assert_eq!((page.status, page.state()), (503, "unavailable"));
            assert!(page.headers.contains_key("retry-after"));
        }
        assert_eq!(world.webs[0].look(&token).await.status, 200, "it is still there");
        assert_eq!(world.events().await, ["created", "decrypt_failed"]);
        assert_eq!(world.trail().await[1]["metadata"]["reason"], "unknown_key");
        let page = world.webs[1].reveal(&token).await;
        assert_eq!(page.secret().as_deref(), Some("sealed before"));
        assert_eq!(world.events().await, ["created", "decrypt_failed", "viewed"]);
        world.finish().await;
    }
}
