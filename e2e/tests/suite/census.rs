//! Two installations that share one Slack app: nothing of theirs is mixed, and both are told of it.
//! Bots of one installation raise no alarm.

use std::time::Duration;

use e2e::{
    Account, Keys, Submission, TestDatabase, World, eventually, eventually_within, on_each_engine,
};
use serde_json::{Value, json};

/// Bots note themselves three times a minute, and compare when all have.
const NOTED: Duration = Duration::from_mins(4);

const WARNING: &str = "another program uses the same Slack app";

async fn open_over(world: &World, connection: u64) -> Value {
    let known = world.slack().dialogs("U0ALICE").await.len();
    let typed = json!({
        "user": "U0ALICE", "command": "/sendsecret", "text": "@bob", "over": connection,
    });
    let outcome = world.slack().post("/command", &typed).await;
    assert_eq!(outcome["acknowledged"], true, "{outcome}");
    eventually("the dialog", || async {
        let dialogs = world.slack().dialogs("U0ALICE").await;
        (dialogs.len() > known)
            .then(|| dialogs.last().cloned())
            .flatten()
    })
    .await
}

async fn replace_connections(world: &World, connections: &[u64]) {
    for connection in connections {
        let act = json!({
            "act": "disconnect", "reason": "warning", "close_after_ms": 20_000,
            "connection": connection,
        });
        world.slack().act(&act).await;
    }
}

/// A submission as the version before made its dialogs, or with what is given.
async fn submit_by_hand(world: &World, view: &str, metadata: &Value, blocks: &Value) -> Value {
    let envelope = json!({
        "type": "interactive",
        "accepts_response_payload": true,
        "payload": {
            "type": "view_submission",
            "team": { "id": "T0SCHOOL" },
            "user": { "id": "U0ALICE", "team_id": "T0SCHOOL" },
            "view": {
                "id": view, "callback_id": "send_secret", "blocks": blocks,
                "private_metadata": metadata.to_string(),
                "state": { "values": {
                    "recipient": { "value": { "type": "users_select", "selected_user": "U0BOB" } },
                    "secret": { "value": { "type": "plain_text_input", "value": "typed" } },
                    "lifetime": { "value": { "selected_option": { "value": "1h" } } },
                } },
            },
        },
    });
    world.slack().post("/envelope", &envelope).await["answer"].clone()
}

const SECRETS: &str = "SELECT COUNT(*) FROM secrets";

on_each_engine! {
    async fn another_installations_dialogs_are_refused_and_its_connections_told_of(engine) {
        let mut world = World::start(engine).await;
        let ours = world.slack().connections(2).await;
        let (other, keys) = (TestDatabase::migrated(engine).await, Keys::fresh());
        let mut twin = world.new_bot(&[
            ("DATABASE_URL", other.url(Account::Bot)),
            ("FERNET_KEYS", keys.master),
            ("DELIVERY_KEYS", keys.delivery),
            ("PUBLIC_BASE_URL", "http://127.0.0.1:2".to_owned()),
        ]);
        twin.process.line_with("ready: connected to Slack").await;
        let all = world.slack().connections(4).await;
        let theirs: Vec<_> = all.into_iter().filter(|id| !ours.contains(id)).collect();

        let dialog = open_over(&world, ours[0]).await;
        let mark = dialog["view"]["private_metadata"].clone();
        assert!(mark.to_string().contains("installation"), "{dialog}");
        let canary = "canary-typed-for-the-other-one";
        world.watch_for(canary);
        let mut submission = Submission { secret: canary, over: Some(theirs[0]), ..Submission::default() };
        let outcome = world.slack().submit("U0ALICE", &dialog, &submission).await;
        assert_eq!(outcome["outcome"], "errors", "{outcome}");
        assert!(outcome["errors"].to_string().contains("Nothing was sent"), "{outcome}");
        assert_eq!((world.database.count(SECRETS).await, other.count(SECRETS).await), (0, 0));

        let press = json!({
            "user": "U0ALICE", "view_id": dialog["id"], "action_id": "more_room", "over": theirs[1],
            "values": { "secret": { "value": { "value": canary } } },
        });
        world.slack().post("/press", &press).await;
        let told = eventually("the dialog says so", || async {
            let dialogs = world.slack().dialogs("U0ALICE").await;
            dialogs.into_iter().find(|dialog| dialog.to_string().contains("Nothing was sent"))
        })
        .await;
        assert_eq!(told["view"]["private_metadata"], mark, "it stays whose it was");

        // Back at the one that opened it.
        submission.over = Some(ours[1]);
        world.slack().send("U0ALICE", &told, &submission).await;
        world.slack().messages("U0BOB", 1).await;
        assert_eq!((world.database.count(SECRETS).await, other.count(SECRETS).await), (1, 0));

        let twins_output = || async { twin.process.output().contains(WARNING).then_some(()) };
        eventually_within(NOTED, "the newcomer warns", twins_output).await;
        replace_connections(&world, &ours).await;
        let bot = &world.bots[0].process;
        let output = || async { bot.output().contains(WARNING).then_some(()) };
        eventually_within(NOTED, "the other one warns", output).await;
        let found = "SELECT COUNT(*) FROM bots WHERE strangers > 0";
        let noted = || async { (world.database.count(found).await == 1).then_some(()) };
        eventually("it is noted for doctor", noted).await;
        let ran = e2e::run("secure-secret-bot", &["doctor"], &world.variables_of_bot()).await;
        let line = ran.out.lines().find(|line| line.contains("other programs")).unwrap();
        assert!(line.starts_with("WARNING") && line.contains("connections more than"), "{}", ran.out);
        assert!(world.bot().metric("secure_secret_strange_connections ").await > Some(0.0));
        assert_eq!(world.bots[0].process.output().matches(WARNING).count(), 1);

        assert_eq!(twin.process.stop().await, Some(0));
        world.finish().await;
        other.remove().await;
    }

    async fn a_dialog_without_a_mark_is_taken_and_one_with_anothers_never(engine) {
        let world = World::start(engine).await;
        let input = json!([{ "type": "input", "block_id": "recipient" }]);
        let foreign = json!({ "fields": 1, "installation": "0123456789abcdef" });
        for (view, blocks, beside) in [
            ("V0FOREIGN1", input.clone(), "recipient"),
            ("V0FOREIGN2", json!([]), "secret"),
            ("V0FOREIGN3", Value::Null, "secret"),
        ] {
            let answer = submit_by_hand(&world, view, &foreign, &blocks).await;
            assert_eq!(answer["response_action"], "errors", "{answer}");
            assert!(answer["errors"][beside].as_str().unwrap().contains("Nothing was sent"), "{answer}");
        }
        assert_eq!(world.database.count(SECRETS).await, 0);
        let before = json!({ "fields": 1, "has_unused_words": false });
        let answer = submit_by_hand(&world, "V0BEFORE", &before, &input).await;
        assert_eq!(answer["response_action"], Value::Null, "{answer}");
        world.slack().messages("U0BOB", 1).await;
        assert_eq!(world.database.count(SECRETS).await, 1);
        world.finish().await;
    }

    async fn bots_of_one_database_are_no_strangers_whatever_becomes_of_them(engine) {
        let mut world = World::start(engine).await;
        let first = world.slack().connections(2).await;
        world.start_bot().await;
        let all = world.slack().connections(4).await;
        let second = *all.iter().find(|id| !first.contains(id)).unwrap();
        let dialog = open_over(&world, first[0]).await;
        let submission = Submission { secret: "x", over: Some(second), ..Submission::default() };
        world.slack().send("U0ALICE", &dialog, &submission).await;
        let compared = |since: i64, bots: i64| {
            let database = &world.database;
            let sql = format!("SELECT COUNT(*) FROM bots WHERE counted_at > {since}");
            async move {
                eventually_within(NOTED, "all compared", || async {
                    (database.count(&sql).await >= bots).then_some(())
                })
                .await;
            }
        };
        compared(0, 2).await;

        // Successors open before their predecessors end.
        let last = world.database.count("SELECT MAX(counted_at) FROM bots").await;
        replace_connections(&world, &all).await;
        compared(last, 2).await;

        // What Slack counted meanwhile is compared while both rows are as old as they say: a bot
        // that has noted itself twice after both were up to date has.
        for _ in 0..3 {
            let latest = world.database.count("SELECT MAX(seen_at) FROM bots").await;
            let newer = format!("SELECT COUNT(*) FROM bots WHERE seen_at > {latest}");
            eventually_within(NOTED, "both note themselves", || async {
                (world.database.count(&newer).await >= 2).then_some(())
            })
            .await;
        }

        // One is killed, another takes its place; the dead one's row grows old.
        world.bots[1].process.kill().await;
        drop(world.bots.remove(1));
        let age = "UPDATE bots SET seen_at = seen_at - 200000 WHERE started_at = \
                   (SELECT latest FROM (SELECT MAX(started_at) AS latest FROM bots) AS x)";
        world.database.run(Account::Migrate, age).await.unwrap();
        world.start_bot().await;
        let sql = "SELECT COUNT(*) FROM bots WHERE counted_at IS NOT NULL";
        let database = &world.database;
        eventually_within(NOTED, "the newcomer compared", || async {
            (database.count(sql).await == 3).then_some(())
        })
        .await;
        assert_eq!(database.count("SELECT COUNT(*) FROM bots WHERE strangers <> 0").await, 0);
        assert!(!world.logs().contains(WARNING));

        // Old rows go at the next start.
        let very_old = "UPDATE bots SET seen_at = seen_at - 90000000 WHERE seen_at < \
                        (SELECT most FROM (SELECT MAX(seen_at) - 150000 AS most FROM bots) AS x)";
        database.run(Account::Migrate, very_old).await.unwrap();
        let rows = database.count("SELECT COUNT(*) FROM bots").await;
        world.start_bot().await;
        assert_eq!(world.database.count("SELECT COUNT(*) FROM bots").await, rows);
        world.finish().await;
    }
}
