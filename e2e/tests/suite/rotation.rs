//! Keys change; secrets stay readable as long as their key is there.

use e2e::{Keys, Submission, World, on_each_engine};
use serde_json::json;

on_each_engine! {
    async fn a_missing_key_loses_nothing(engine) {
        let mut world = World::without_programs(engine).await;
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

    async fn a_missing_delivery_key_loses_nothing(engine) {
        let mut world = World::start(engine).await;
        let hang = json!({"method": "conversations.open", "mode": "hang", "times": 9});
        world.slack().fail(&hang).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let submission = Submission { secret: "x", ..Submission::default() };
        world.slack().submit("U0ALICE", &dialog, &submission).await;
        world.kill_bots().await;
        world.slack().post("/heal", &json!({})).await;
        world.pass_leases().await;
        let (old, new) = (world.keys.delivery.clone(), Keys::key());
        let bot = world.launch_bot(&[("DELIVERY_KEYS", new.clone())]);
        bot.process.line_with("DELIVERY_KEYS lacks the key").await;
        world.kill_bots().await;
        assert_eq!(world.events().await, ["created"]);
        world.pass_leases().await;
        world.launch_bot(&[("DELIVERY_KEYS", format!("{new},{old}"))]);
        world.slack().messages("U0BOB", 1).await;
        world.finish().await;
    }
}
