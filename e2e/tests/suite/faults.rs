//! What Slack's Web API does wrong, and a bot that dies at any moment.

use std::time::Duration;

use e2e::{
    Engine, Options, Submission, World, eventually, eventually_within, link_of, on_each_engine,
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_mins(2);

async fn send(world: &World, recipient: &str) {
    let dialog = world.slack().open_dialog("U0ALICE", "").await;
    let submission = Submission {
        recipient: Some(recipient),
        secret: "x",
        ..Submission::default()
    };
    world.slack().send("U0ALICE", &dialog, &submission).await;
}

/// Fails the next two calls of a method in a passing way.
async fn trouble(world: &World, method: &str) {
    for fault in [
        json!({"method": method, "status": 429, "retry_after": 1, "times": 1}),
        json!({"method": method, "status": 503, "times": 1}),
    ] {
        world.slack().fail(&fault).await;
    }
}

/// Whether a message says that the one before it holds the same link.
fn says_again(message: &Value) -> bool {
    message.to_string().contains("both lead to the same secret")
}

/// Where a bot is killed.
enum Moment {
    /// While Slack is asked this, before anything comes of it.
    Before(&'static str),
    /// After Slack did this, before it says so.
    After(&'static str),
}

/// Something that a bot has to wait for in its database: on MySQL a table, on SQLite all of it.
struct Lock {
    session: DatabaseConnection,
    engine: Engine,
}

impl Lock {
    async fn take(world: &World, table: &str) -> Self {
        let engine = world.database.engine;
        let (session, sql) = match engine {
            Engine::MySql => {
                let name = world.database.name();
                let sql = format!("LOCK TABLES {name}.{table} WRITE");
                (world.database.admin_session().await, sql)
            }
            Engine::Sqlite => (world.database.session().await, "BEGIN EXCLUSIVE".to_owned()),
        };
        eventually("the lock", || async {
            session.execute_unprepared(&sql).await.ok()
        })
        .await;
        Self { session, engine }
    }

    /// Until somebody waits; SQLite can't tell, and there the wait is half of its own.
    async fn is_waited_for(&self, world: &World) {
        if self.engine == Engine::Sqlite {
            tokio::time::sleep(Duration::from_millis(500)).await;
            return;
        }
        let waiting = format!(
            "SELECT COUNT(*) FROM performance_schema.metadata_locks \
             WHERE lock_status = 'PENDING' AND object_schema = '{}'",
            world.database.name()
        );
        eventually("a wait for the lock", || async {
            (world.database.admin_count(&waiting).await > 0).then_some(())
        })
        .await;
    }

    async fn release(self) {
        let sql = match self.engine {
            Engine::MySql => "UNLOCK TABLES",
            Engine::Sqlite => "ROLLBACK",
        };
        self.session.execute_unprepared(sql).await.unwrap();
        self.session.close().await.unwrap();
    }
}

/// The bot dies at a moment of a delivery; another goes on.
async fn dies(engine: Engine, moment: Moment, at: usize) {
    let mut world = World::start(engine).await;
    let (method, mode) = match moment {
        Moment::Before(method) => (method, "hang"),
        Moment::After(method) => (method, "hang_after"),
    };
    let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
    if at > 0 {
        // Let the calls before it pass: a status that is tried again would change the order.
        let pass = json!({"method": method, "mode": "answer", "times": at});
        world.slack().fail(&pass).await;
    }
    world
        .slack()
        .fail(&json!({"method": method, "mode": mode, "times": 1}))
        .await;
    let known = world.slack().calls(method).await;
    let submission = Submission {
        secret: "x",
        ..Submission::default()
    };
    world.slack().send("U0ALICE", &dialog, &submission).await;
    eventually("the call at which it dies", || async {
        (world.slack().calls(method).await > known + at).then_some(())
    })
    .await;
    world.kill_bots().await;
    world.revive().await;
    world.settled().await;
    let postings = world.slack().get("/postings").await;
    let links: Vec<_> = postings
        .as_array()
        .unwrap()
        .iter()
        .filter(|posting| posting["channel"] == "D0BOB")
        .map(link_of)
        .collect();
    assert!((1..=2).contains(&links.len()), "{links:?}");
    assert!(
        links.iter().all(|link| link == &links[0]),
        "always the same link"
    );
    world.finish().await;
}

on_each_engine! {
    async fn every_method_may_stumble(engine) {
        let world = World::start(engine).await;
        world.slack().connections(2).await;
        for method in ["users.info", "conversations.open", "chat.postMessage", "chat.update", "apps.connections.open"] {
            trouble(&world, method).await;
        }
        send(&world, "U0BOB").await;
        world.slack().act(&json!({"act": "drop"})).await;
        // After as many failures the pauses are long.
        let messages = eventually_within(LONG, "the message", || async {
            let messages = world.slack().messages_now("U0BOB").await;
            (!messages.is_empty()).then_some(messages)
        })
        .await;
        world.slack().messages("U0ALICE", 1).await;
        let link = link_of(&messages[0]);
        assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
        world.slack().connections(2).await;
        eventually_within(LONG, "the updates", || async {
            (world.slack().calls("chat.update").await >= 4).then_some(())
        })
        .await;
        world.finish().await;
    }

    async fn a_dialog_that_can_not_be_opened_is_said_so(engine) {
        let world = World::start(engine).await;
        for (count, fault) in [
            json!({"method": "views.open", "status": 503}),
            json!({"method": "views.open", "error": "expired_trigger_id"}),
            json!({"method": "views.open", "error": "invalid_arguments"}),
            json!({"method": "views.open", "error": "internal_error"}),
            json!({"method": "views.open", "mode": "garbage"}),
            json!({"method": "views.open", "mode": "hang"}),
            json!({"method": "views.open", "status": 429, "retry_after": 1}),
        ].into_iter().enumerate() {
            world.slack().fail(&fault).await;
            let typed = json!({"user": "U0ALICE", "command": "/sendsecret", "text": "@bob"});
            let outcome = world.slack().post("/command", &typed).await;
            assert_eq!(outcome["acknowledged"], true, "{outcome}");
            assert!(outcome["latency_ms"].as_f64().unwrap() < 1000.0, "{outcome}");
            eventually(&format!("the excuse for {fault}"), || async {
                let seen = world.slack().get("/ephemerals?user=U0ALICE").await;
                let seen = seen.as_array().unwrap().clone();
                (seen.len() > count && seen[count].to_string().contains("type the command again")).then_some(())
            })
            .await;
            world.slack().heal().await;
        }
        // Once the pause that Slack asked for is over.
        eventually("the dialog", || async {
            let typed = json!({"user": "U0ALICE", "command": "/sendsecret", "text": "@bob"});
            world.slack().post("/command", &typed).await;
            (!world.slack().dialogs("U0ALICE").await.is_empty()).then_some(())
        })
        .await;
        world.finish().await;
    }

    async fn an_answer_that_got_lost_repeats_the_message_with_the_same_link(engine) {
        let world = World::start(engine).await;
        world.slack().fail(&json!({"method": "chat.postMessage", "mode": "lose", "times": 1})).await;
        send(&world, "U0BOB").await;
        let messages = world.slack().messages("U0BOB", 2).await;
        assert_eq!(link_of(&messages[0]), link_of(&messages[1]));
        assert!(!says_again(&messages[0]) && says_again(&messages[1]), "{messages:?}");
        world.slack().messages("U0ALICE", 1).await;
        world.finish().await;
    }

    async fn messages_to_one_person_come_in_order_and_not_too_fast(engine) {
        let world = World::start(engine).await;
        for recipient in ["U0BOB", "U0CHLOE", "U0DMITRI", "U0BOB"] {
            send(&world, recipient).await;
        }
        world.settled().await;
        let receipts = world.slack().messages_now("U0ALICE").await;
        assert_eq!(receipts.len(), 4);
        let calls = world.slack().get("/calls").await;
        let refused = calls.as_array().unwrap().iter().filter(|call| call["error"] == "ratelimited");
        assert_eq!(refused.count(), 0, "Slack never had to say that it was too fast");
        world.finish().await;
    }

    async fn a_bot_that_dies_while_it_looks_for_the_conversation(engine) {
        dies(engine, Moment::Before("conversations.open"), 0).await;
    }

    async fn a_bot_that_dies_before_the_message_is_posted(engine) {
        dies(engine, Moment::Before("chat.postMessage"), 0).await;
    }

    async fn a_bot_that_dies_after_the_message_was_posted(engine) {
        dies(engine, Moment::After("chat.postMessage"), 0).await;
    }

    async fn a_bot_that_dies_before_the_receipt_is_posted(engine) {
        dies(engine, Moment::Before("chat.postMessage"), 1).await;
    }

    async fn a_bot_that_dies_after_the_receipt_was_posted(engine) {
        dies(engine, Moment::After("chat.postMessage"), 1).await;
    }

    async fn a_bot_that_dies_while_it_checks_a_submission_has_sent_nothing(engine) {
        let mut world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let outcome = world.submit_while(&dialog, &SUBMISSION, world.signal_bots("KILL")).await;
        assert_eq!(outcome["outcome"], "trouble", "the dialog stays, with what was typed: {outcome}");
        world.kill_bots().await;
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets").await, 0);
        sends_it_now(&mut world, &dialog).await;
        world.finish().await;
    }

    async fn a_bot_that_dies_after_the_commit_and_before_the_acknowledgement_has_sent_it(engine) {
        let mut world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        world.slack().fail(&json!({"method": "conversations.open", "mode": "hang", "times": 9})).await;
        let outcome = Box::pin(world.submit_while(&dialog, &SUBMISSION, async {
            // Slack goes deaf right after it sent the submission.
            world.slack().act(&json!({"act": "freeze"})).await;
            eventually("the commit", || async {
                (world.database.count("SELECT COUNT(*) FROM secrets").await == 1).then_some(())
            })
            .await;
            world.signal_bots("KILL").await;
        }))
        .await;
        assert_eq!(outcome["outcome"], "trouble", "{outcome}");
        world.kill_bots().await;
        world.revive().await;
        let again = world.slack().submit("U0ALICE", &dialog, &SUBMISSION).await;
        assert_eq!(again["outcome"], "updated", "{again}");
        world.settled().await;
        assert_eq!(world.slack().messages_now("U0BOB").await.len(), 1);
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets").await, 1);
        world.finish().await;
    }

    async fn a_bot_that_dies_within_its_transaction_has_sent_nothing(engine) {
        let mut world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let lock = Lock::take(&world, "audit_events").await;
        let outcome = Box::pin(world.submit_while(&dialog, &SUBMISSION, async {
            lock.is_waited_for(&world).await;
            world.signal_bots("KILL").await;
        }))
        .await;
        assert_eq!(outcome["outcome"], "trouble", "{outcome}");
        world.kill_bots().await;
        lock.release().await;
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets").await, 0);
        sends_it_now(&mut world, &dialog).await;
        world.finish().await;
    }

    async fn a_bot_that_dies_while_it_writes_down_that_a_message_was_posted(engine) {
        let mut world = World::start(engine).await;
        let slow = json!({"method": "chat.postMessage", "delay_ms": 1500, "times": 1});
        world.slack().fail(&slow).await;
        send(&world, "U0BOB").await;
        world.slack().messages("U0BOB", 1).await;
        let lock = Lock::take(&world, "deliveries").await;
        eventually("the answer", || async {
            let calls = world.slack().get("/calls").await;
            let posted = |call: &&Value| call["method"] == "chat.postMessage" && call["ok"] == true;
            calls.as_array().unwrap().iter().find(posted).map(|_| ())
        })
        .await;
        lock.is_waited_for(&world).await;
        world.kill_bots().await;
        lock.release().await;
        world.revive().await;
        world.settled().await;
        let messages = world.slack().messages_now("U0BOB").await;
        assert_eq!(messages.len(), 2, "it could not know that it had been posted");
        assert_eq!(link_of(&messages[0]), link_of(&messages[1]));
        world.finish().await;
    }

    async fn a_button_whose_answer_fails_works_when_it_is_pressed_again(engine) {
        let world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let values = json!({"secret": {"value": {"value": "kept"}}});
        for (count, fault) in [
            json!({"method": "views.update", "status": 503}),
            json!({"method": "views.update", "mode": "garbage"}),
            json!({"method": "views.update", "mode": "hang"}),
            json!({"method": "views.update", "error": "internal_error"}),
            json!({"method": "views.update", "error": "a_code_of_tomorrow"}),
            json!({"method": "views.update", "status": 429, "retry_after": 1}),
        ].into_iter().enumerate() {
            world.slack().fail(&fault).await;
            world.slack().press("U0ALICE", &dialog, "more_room", &values).await;
            // It is said over the dialog, which keeps what was typed.
            let said = eventually(&format!("what is said of {fault}"), || async {
                let dialogs = world.slack().dialogs("U0ALICE").await;
                (dialogs.len() == 2).then(|| dialogs[1].clone())
            })
            .await;
            assert_eq!(said["title"], "No new field yet", "{count} {said}");
            assert!(said.to_string().contains("press “More room” again"), "{said}");
            let close = json!({"user": "U0ALICE", "view_id": said["id"]});
            world.slack().post("/close", &close).await;
            world.slack().heal().await;
        }
        assert!(world.slack().ephemerals("U0ALICE").await.is_empty());
        // Where nothing can be shown over it either, the command is answered.
        for method in ["views.update", "views.push"] {
            world.slack().fail(&json!({"method": method, "error": "internal_error"})).await;
        }
        world.slack().press("U0ALICE", &dialog, "more_room", &values).await;
        let said = eventually("the answer to the command", || async {
            world.slack().ephemerals("U0ALICE").await.pop()
        })
        .await;
        assert!(said.to_string().contains("press “More room” again"), "{said}");
        world.slack().heal().await;
        // Once the pause that Slack asked for is over.
        eventually("more room", || async {
            world.slack().press("U0ALICE", &dialog, "more_room", &values).await;
            let dialogs = world.slack().dialogs("U0ALICE").await;
            dialogs[0].to_string().contains("secret_2").then_some(())
        })
        .await;
        world.finish().await;
    }

    async fn a_token_that_can_not_be_checked_yet_is_checked_later(engine) {
        let mut world = World::with(engine, Options { slack: true, bot: false, ..Options::default() }).await;
        trouble(&world, "auth.test").await;
        trouble(&world, "apps.connections.open").await;
        world.start_bot().await;
        eventually_within(LONG, "the third check", || async {
            (world.slack().calls("auth.test").await == 3).then_some(())
        })
        .await;
        world.finish().await;
    }

    async fn a_bot_that_dies_while_it_changes_a_message(engine) {
        for mode in ["hang", "hang_after"] {
            let mut world = World::start(engine).await;
            let secret = "canary-while-changing";
            let link = world.alice_sends_bob(Submission { secret, ..Submission::default() }).await;
            world.slack().fail(&json!({"method": "chat.update", "mode": mode, "times": 2})).await;
            assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
            eventually("a change", || async {
                (world.slack().calls("chat.update").await > 0).then_some(())
            })
            .await;
            world.kill_bots().await;
            world.revive().await;
            world.settled().await;
            assert!(world.slack().messages_now("U0BOB").await[0].to_string().contains("was opened on"));
            world.finish().await;
        }
    }

    async fn a_token_that_is_no_good_stops_the_bot_and_loses_nothing(engine) {
        let options = Options { webs: 0, ..Options::default() };
        let mut world = World::with(engine, options).await;
        let scope = json!({"method": "conversations.open", "error": "missing_scope", "times": 9});
        world.slack().fail(&scope).await;
        send(&world, "U0BOB").await;
        let bot = world.bot();
        assert_eq!(bot.process.exit_code().await, Some(1));
        assert!(bot.process.output().contains("SLACK_BOT_TOKEN lacks the scope im:write"));
        world.bots.clear();
        for (method, error, said) in [
            ("apps.connections.open", "invalid_auth", "Slack does not take SLACK_APP_TOKEN"),
            ("auth.test", "token_revoked", "Slack does not take SLACK_BOT_TOKEN"),
        ] {
            world.slack().post("/heal", &json!({})).await;
            world.slack().fail(&json!({"method": method, "error": error, "times": 9})).await;
            let bot = world.launch_bot(&[]);
            assert_eq!(bot.process.exit_code().await, Some(1), "{method}");
            assert!(bot.process.output().contains(said), "{}", bot.process.output());
            world.bots.clear();
        }
        world.revive().await;
        world.slack().messages("U0BOB", 1).await;
        world.slack().messages("U0ALICE", 1).await;
        world.finish().await;
    }

    async fn nothing_of_what_libraries_could_not_read_is_in_a_log(engine) {
        let mut world = World::start(engine).await;
        for canary in ["canary-in-a-broken-frame", "canary-in-a-broken-payload", "canary-in-a-note", "ticket="] {
            world.watch_for(canary);
        }
        for text in [
            r#"{"type":"interactive","payload":{"x":"canary-in-a-broken-frame"}"#.to_owned(),
            "canary-in-a-broken-frame".to_owned(),
            json!({"type": "interactive", "envelope_id": "e1", "payload":
                {"type": "view_submission", "view": {"state": "canary-in-a-broken-payload"}}}).to_string(),
            json!({"type": "slash_commands", "envelope_id": "e2", "payload": ["canary-in-a-broken-payload"]}).to_string(),
            json!({"type": "interactive", "envelope_id": "e3", "payload":
                {"type": "block_actions", "actions": [{"action_id": "more_room"}],
                 "view": {"state": {"values": "canary-in-a-broken-payload"}}}}).to_string(),
        ] {
            world.slack().act(&json!({"act": "text", "text": text})).await;
        }
        for method in ["chat.postMessage", "conversations.open", "users.info", "apps.connections.open", "chat.update"] {
            world.slack().fail(&json!({"method": method, "mode": "garbage", "times": 2})).await;
        }
        for fault in ["refuse", "no_hello"] {
            world.slack().fail_handshake(fault).await;
        }
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let submission = Submission {
            secret: "canary-behind-garbage", note: "canary-in-a-note", ..Submission::default()
        };
        world.slack().send("U0ALICE", &dialog, &submission).await;
        world.watch_for("canary-behind-garbage");
        world.slack().act(&json!({"act": "drop"})).await;
        // Six tries can fail before it, with pauses that double.
        let messages = eventually_within(LONG, "the message", || async {
            let messages = world.slack().messages_now("U0BOB").await;
            (!messages.is_empty()).then_some(messages)
        })
        .await;
        let link = link_of(&messages[0]);
        world.watch_for(link.rsplit('/').next().unwrap());
        world.slack().messages("U0ALICE", 1).await;
        world.slack().connections(2).await;
        world.finish().await;
    }
}

const SUBMISSION: Submission<'static> = Submission {
    recipient: None,
    secret: "x",
    note: "",
    lifetime: None,
    duplicate: None,
    over: None,
};

/// With another bot, the dialog that is still open sends what it holds.
async fn sends_it_now(world: &mut World, dialog: &Value) {
    world.revive().await;
    world.slack().send("U0ALICE", dialog, &SUBMISSION).await;
    world.slack().messages("U0BOB", 1).await;
}
