//! What operators see of the programs, and how a bot ends.

use e2e::{Submission, World, eventually, on_each_engine};
use serde_json::json;

on_each_engine! {
    async fn health_and_metrics_tell_how_it_is(engine) {
        let mut world = World::start(engine).await;
        world.slack().connections(2).await;
        world.alice_sends_bob(Submission { secret: "canary-of-operation", ..Submission::default() }).await;
        world.settled().await;
        let bot = world.bot();
        assert_eq!(bot.ask("/livez").await, (200, "alive\n".to_owned()));
        let (status, said) = bot.ask("/readyz").await;
        assert_eq!(status, 200, "{said}");
        assert!(said.starts_with("ready\n") && said.contains("slack: ok, 2 connections open"), "{said}");
        assert_eq!(bot.ask("/").await.0, 404);
        let (status, metrics) = bot.ask("/metrics").await;
        assert_eq!(status, 200);
        for line in [
            "secure_secret_socket_connections{state=\"open\"} 2",
            "secure_secret_envelopes_total{kind=\"slash_command\",outcome=\"opened\"} 1",
            "secure_secret_envelopes_total{kind=\"submission\",outcome=\"stored\"} 1",
            "secure_secret_acknowledgement_seconds_count{kind=\"submission\"} 1",
            "secure_secret_deliveries_total{kind=\"recipient_message\",outcome=\"sent\"} 1",
            "secure_secret_deliveries_total{kind=\"sender_receipt\",outcome=\"sent\"} 1",
            "secure_secret_sweeper_batches_total{outcome=\"done\"} 1",
            "secure_secret_deliveries_waiting 0",
            "secure_secret_oldest_expired_age_seconds 0.0",
        ] {
            assert!(metrics.contains(line), "{line} in {metrics}");
        }
        for canary in ["canary", "U0BOB", "U0ALICE", "xapp", "xoxb"] {
            assert!(!metrics.contains(canary), "{canary} in {metrics}");
        }
        let address = bot.health_addr().await;
        let output = world.operator("secure-secret-bot", &["health", "--health-addr", &address]).await;
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().starts_with("ready\n"));
        let nobody = world.operator("secure-secret-bot", &["health", "--health-addr", "127.0.0.1:1"]).await;
        assert_eq!(nobody.status.code(), Some(1));
        let unset = world.operator("secure-secret-bot", &["health"]).await;
        assert_eq!(unset.status.code(), Some(2));
        world.finish().await;
    }

    async fn reveal_web_tells_how_it_is(engine) {
        let mut world = World::without_programs(engine).await;
        let address = format!("127.0.0.1:{}", e2e::free_port());
        world.start_web(&[("HEALTH_ADDR", address.clone())]).await;
        let web = world.web();
        let sent = world.keys.send(&world.database.store().await, "canary-of-operation").await;
        let token = sent.token.encode();
        assert_eq!(web.reveal(&token).await.status, 200);
        assert_eq!(web.look(&token).await.status, 410);
        let ask = async |path: &str| {
            let answer = web.http().get(format!("http://{address}{path}")).send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let (status, said) = ask("/readyz").await;
        assert_eq!(status, 200, "{said}");
        let (_, metrics) = ask("/metrics").await;
        for line in [
            "secure_secret_web_requests_total{route=\"/s/:token\",status=\"200\"} 1",
            "secure_secret_web_requests_total{route=\"/s/:token\",status=\"410\"} 1",
            "secure_secret_web_requests_total{route=\"/reveal\",status=\"200\"} 1",
            "secure_secret_web_link_reuses_total 1",
        ] {
            assert!(metrics.contains(line), "{line} in {metrics}");
        }
        assert!(!metrics.contains(token.as_str()) && !metrics.contains("canary"), "{metrics}");
        world.watch_for(&token);
        world.finish().await;
    }

    async fn a_bot_without_slack_is_not_ready(engine) {
        let mut world = World::start(engine).await;
        world.slack().connections(2).await;
        world.slack().fail(&json!({"method": "apps.connections.open", "status": 503, "times": 1000})).await;
        world.slack().act(&json!({"act": "drop"})).await;
        let address = world.bot().health_addr().await;
        eventually("it is not ready", || async {
            let arguments = ["health", "--health-addr", &address];
            let output = world.operator("secure-secret-bot", &arguments).await;
            let said = String::from_utf8(output.stdout).unwrap();
            (output.status.code() == Some(1) && said.contains("slack: NOT OK")).then_some(())
        })
        .await;
        world.slack().post("/heal", &json!({})).await;
        world.slack().connections(2).await;
        world.finish().await;
    }

    async fn what_is_under_way_is_answered_before_a_bot_stops(engine) {
        let mut world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let submission = Submission { secret: "x", ..Submission::default() };
        let outcome = world.submit_while(&dialog, &submission, world.signal_bots("TERM")).await;
        assert_eq!(outcome["outcome"], "closed", "{outcome}");
        let bot = world.bot();
        assert_eq!(bot.process.exit_code().await, Some(0));
        let said = bot.process.output();
        assert!(said.contains("stopping with this open") && said.contains("\"stopped\""), "{said}");
        world.revive().await;
        world.slack().messages("U0BOB", 1).await;
        world.finish().await;
    }

    async fn a_second_signal_stops_at_once(engine) {
        let mut world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        world.slack().fail(&json!({"method": "conversations.open", "mode": "hang", "times": 9})).await;
        let submission = Submission { secret: "x", ..Submission::default() };
        world.slack().submit("U0ALICE", &dialog, &submission).await;
        eventually("the courier is at it", || async {
            (world.slack().calls("conversations.open").await > 0).then_some(())
        })
        .await;
        world.signal_bots("TERM").await;
        world.bot().process.line_with("stopping with this open").await;
        let started = std::time::Instant::now();
        world.signal_bots("TERM").await;
        let bot = world.bot();
        assert_eq!(bot.process.exit_code().await, Some(1));
        assert!(started.elapsed().as_secs() < 3, "at once");
        world.revive().await;
        world.slack().messages("U0BOB", 1).await;
        world.finish().await;
    }
}
