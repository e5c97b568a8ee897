//! What may stand after `/sendsecret`.

use e2e::{Engine, Options, World, eventually, on_each_engine};
use serde_json::{Value, json};

fn element<'a>(dialog: &'a Value, block: &str) -> &'a Value {
    let blocks = dialog["view"]["blocks"].as_array().unwrap();
    &blocks
        .iter()
        .find(|candidate| candidate["block_id"] == block)
        .unwrap()["element"]
}

on_each_engine! {
    async fn a_person_and_a_lifetime_are_filled_in(engine) {
        let world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob 24h").await;
        assert_eq!(element(&dialog, "recipient")["initial_user"], "U0BOB");
        assert_eq!(element(&dialog, "lifetime")["initial_option"]["value"], "24h");
        let plain = world.slack().open_dialog("U0CHLOE", "").await;
        assert!(element(&plain, "recipient").get("initial_user").is_none());
        assert_eq!(element(&plain, "lifetime")["initial_option"]["value"], "1h");
        assert_eq!(element(&plain, "secret")["max_length"], 3000);
        assert_eq!(element(&plain, "note")["max_length"], 500);
        world.finish().await;
    }

    async fn other_words_are_not_used_and_never_logged(engine) {
        let mut world = World::start(engine).await;
        world.watch_for("canary-typed-after-the-command");
        let dialog = world
            .slack()
            .open_dialog("U0ALICE", "@bob canary-typed-after-the-command")
            .await;
        assert_eq!(element(&dialog, "recipient")["initial_user"], "U0BOB");
        let text = dialog.to_string();
        assert!(text.contains("was not used") && !text.contains("canary"), "{text}");
        world.finish().await;
    }

    async fn a_name_that_slack_did_not_resolve_chooses_nobody(engine) {
        let options = Options { simulator_arguments: vec!["--no-escape"], ..Options::default() };
        let world = World::with(engine, options).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob 4h").await;
        assert!(element(&dialog, "recipient").get("initial_user").is_none());
        assert_eq!(element(&dialog, "lifetime")["initial_option"]["value"], "4h");
        // It may have been a password.
        let text = dialog.to_string();
        assert!(text.contains("A name with @ was not used") && text.contains("please change it"), "{text}");
        world.finish().await;
    }

    async fn a_command_that_comes_again_is_answered_once(engine) {
        let world = World::start(engine).await;
        for duplicate in ["same_envelope", "new_envelope"] {
            let before = world.slack().dialogs("U0ALICE").await.len();
            type_command(&world, "U0ALICE", "@bob", duplicate).await;
            eventually("the dialog", || async {
                (world.slack().dialogs("U0ALICE").await.len() == before + 1).then_some(())
            })
            .await;
        }
        world.slack().fail(&json!({"method": "views.open", "error": "expired_trigger_id"})).await;
        type_command(&world, "U0ALICE", "@bob", "new_envelope").await;
        type_command(&world, "U0BOB", "", "none").await;
        for user in ["U0ALICE", "U0BOB"] {
            eventually("the excuse", || async { world.slack().ephemerals(user).await.pop() }).await;
        }
        assert_eq!(world.slack().ephemerals("U0ALICE").await.len(), 1);
        world.finish().await;
    }

    async fn whoever_sees_the_dialog_hears_no_excuse(engine) {
        let world = World::start(engine).await;
        for fault in [
            json!({"method": "views.open", "mode": "lose"}),
            json!({"method": "views.open", "mode": "hang_after"}),
            json!({"method": "views.open", "status": 503}),
            json!({"method": "views.open", "error": "internal_error"}),
            json!({"method": "views.open", "mode": "garbage"}),
            json!({"method": "users.info", "mode": "hang"}),
            // The handler goes on though its time is up.
            json!({"method": "views.open", "delay_ms": 3500}),
        ] {
            let mut fault = fault;
            fault["times"] = 1.into();
            let before = world.slack().dialogs("U0ALICE").await.len();
            let opened = world.slack().calls("views.open").await;
            world.slack().fail(&fault).await;
            type_command(&world, "U0ALICE", "@bob 4h", "none").await;
            eventually(&format!("the dialog in spite of {fault}"), || async {
                (world.slack().dialogs("U0ALICE").await.len() > before).then_some(())
            })
            .await;
            let tries = if fault["method"] == "views.open" { 2 } else { 1 };
            eventually("the tries", || async {
                (world.slack().calls("views.open").await == opened + tries).then_some(())
            })
            .await;
            world.slack().heal().await;
            assert_eq!(world.slack().dialogs("U0ALICE").await.len(), before + 1, "{fault}");
        }
        // Something said later would have been said by now: this is said after it.
        type_command(&world, "U0ALICE", "help", "none").await;
        let said = eventually("the help", || async { world.slack().ephemerals("U0ALICE").await.pop() }).await;
        assert!(said.to_string().contains("sends a colleague a secret"), "{said}");
        assert_eq!(world.slack().ephemerals("U0ALICE").await.len(), 1);
        world.finish().await;
    }

    async fn a_person_whom_slack_lets_not_stand_in_the_dialog_is_left_out(engine) {
        let world = World::start(engine).await;
        let quirks = |uses: bool| json!({"unshown": ["U0BOB"], "refusals_use_triggers": uses});
        world.slack().post("/quirks", &quirks(false)).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob 24h hello").await;
        assert!(element(&dialog, "recipient").get("initial_user").is_none());
        assert_eq!(element(&dialog, "lifetime")["initial_option"]["value"], "24h");
        let text = dialog.to_string();
        assert!(text.contains("doesn’t let the person whom you named") && text.contains("What else you typed"), "{text}");
        // More room keeps what was chosen, though it can't be preset.
        let values = json!({"recipient": {"value": {"selected_user": "U0BOB"}}});
        world.slack().press("U0ALICE", &dialog, "more_room", &values).await;
        let larger = eventually("more room", || async {
            let dialog = world.slack().dialogs("U0ALICE").await.pop()?;
            dialog.to_string().contains("secret_2").then_some(dialog)
        })
        .await;
        assert!(larger.to_string().contains("doesn’t let the person whom you named"), "{larger}");
        assert_eq!(larger["typed"]["recipient"]["value"]["selected_user"], "U0BOB");
        let close = json!({"user": "U0ALICE", "view_id": dialog["id"]});
        world.slack().post("/close", &close).await;

        world.slack().post("/quirks", &quirks(true)).await;
        for (user, words) in [("U0ALICE", "Please type `/sendsecret` alone"), ("U0CHLOE", "Tapez `/sendsecret` sans rien d’autre")] {
            type_command(&world, user, "@bob", "new_envelope").await;
            let said = eventually("the words", || async { world.slack().ephemerals(user).await.pop() }).await;
            assert!(said.to_string().contains(words), "{said}");
            assert!(world.slack().dialogs(user).await.is_empty());
            let again = world.slack().open_dialog(user, "").await;
            assert!(element(&again, "recipient").get("initial_user").is_none());
            assert_eq!(world.slack().ephemerals(user).await.len(), 1);
        }
        world.finish().await;
    }

    async fn help_is_a_short_text_and_no_dialog(engine) {
        let world = World::start(engine).await;
        for (user, text, words) in [
            ("U0ALICE", "help", "`/sendsecret @bob 4h`"),
            ("U0BOB", "?", "never type it after the command"),
            ("U0CHLOE", "aide", "envoie un secret à un ou une collègue"),
        ] {
            type_command(&world, user, text, "new_envelope").await;
            let said = eventually("the help", || async { world.slack().ephemerals(user).await.pop() }).await;
            assert!(said.to_string().contains(words), "{said}");
            // It came once, and what comes after it is a dialog.
            world.slack().open_dialog(user, "").await;
            assert_eq!(world.slack().dialogs(user).await.len(), 1);
            assert_eq!(world.slack().ephemerals(user).await.len(), 1);
        }
        // Where it can't be said the dialog opens: rather that than nothing.
        world.slack().fail(&json!({"method": "response_url", "mode": "hang", "times": 1})).await;
        let dialog = world.slack().open_dialog("U0DMITRI", "help").await;
        assert!(!dialog.to_string().contains("was not used"), "{dialog}");
        world.finish().await;
    }
}

/// Types the command without waiting for anything.
async fn type_command(world: &World, user: &str, text: &str, duplicate: &str) {
    let typed =
        json!({"user": user, "command": "/sendsecret", "text": text, "duplicate": duplicate});
    let outcome = world.slack().post("/command", &typed).await;
    assert_eq!(outcome["acknowledged"], true, "{outcome}");
}

/// A text, the person and the time understood of it, what the dialog says in English and French of
/// the rest, and whether it tells to change a secret.
type Typed = (
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
    &'static str,
    bool,
);

const TEXTS: [Typed; 30] = [
    ("@bob 1 h", Some("U0BOB"), "1h", "", "", false),
    ("@bob 60m", Some("U0BOB"), "1h", "", "", false),
    ("@bob 1d", Some("U0BOB"), "24h", "", "", false),
    ("@bob 1j", Some("U0BOB"), "24h", "", "", false),
    ("@bob une heure", Some("U0BOB"), "1h", "", "", false),
    ("@bob for 4h", Some("U0BOB"), "4h", "", "", false),
    (
        "à @bob pendant 4 heures",
        Some("U0BOB"),
        "4h",
        "",
        "",
        false,
    ),
    ("quinze minutes", None, "15m", "", "", false),
    ("an hour", None, "1h", "", "", false),
    ("<@U0BOB>, 4h", Some("U0BOB"), "4h", "", "", false),
    ("\"<@U0BOB|bob>\"", Some("U0BOB"), "1h", "", "", false),
    ("<@U0BOB>4h", Some("U0BOB"), "4h", "", "", false),
    ("(<@U0BOB>)", Some("U0BOB"), "1h", "", "", false),
    ("«\u{a0}<@U0BOB>\u{a0}»", Some("U0BOB"), "1h", "", "", false),
    (
        "\u{200b}<@U0BOB>\u{feff}4\u{2060}h",
        Some("U0BOB"),
        "4h",
        "",
        "",
        false,
    ),
    ("@bob @bob", Some("U0BOB"), "1h", "", "", false),
    (
        "@bob @chloe 4h",
        None,
        "4h",
        "one person only",
        "une seule personne",
        false,
    ),
    (
        "@bob 90 min",
        Some("U0BOB"),
        "1h",
        "no such time",
        "n’existe pas",
        false,
    ),
    (
        "@bob 4h 1d",
        Some("U0BOB"),
        "4h",
        "A second time",
        "Une deuxième durée",
        false,
    ),
    (
        "<!subteam^S1|@canary-x>",
        None,
        "1h",
        "A group",
        "Un groupe",
        false,
    ),
    (
        "@bob <!here>",
        Some("U0BOB"),
        "1h",
        "@here and the like",
        "@here ou semblable",
        false,
    ),
    (
        "@channel",
        None,
        "1h",
        "@here and the like",
        "@here ou semblable",
        false,
    ),
    ("<#C1|canary-x>", None, "1h", "A channel", "Un canal", false),
    (
        "canary-x@example.org",
        None,
        "1h",
        "An e-mail address",
        "Une adresse de courriel",
        false,
    ),
    (
        "<mailto:canary-x@b.c|canary-x@b.c>",
        None,
        "1h",
        "An e-mail address",
        "Une adresse de courriel",
        false,
    ),
    (
        "@canary-x 4h",
        None,
        "4h",
        "A name with @",
        "Un nom avec @",
        true,
    ),
    (
        "@bob hello",
        Some("U0BOB"),
        "1h",
        "What else you typed",
        "D’autres mots",
        false,
    ),
    (
        "bonjour @bob",
        Some("U0BOB"),
        "1h",
        "What else you typed",
        "D’autres mots",
        false,
    ),
    (
        "@bob canary-x1",
        Some("U0BOB"),
        "1h",
        "What else you typed",
        "D’autres mots",
        true,
    ),
    (
        "canary-x!2",
        None,
        "1h",
        "What else you typed",
        "D’autres mots",
        true,
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_used_is_named_by_its_kind_in_both_languages() {
    let mut world = World::start(Engine::Sqlite).await;
    world.watch_for("canary-x");
    for (text, recipient, lifetime, english, french, warns) in TEXTS {
        for (user, named, any, advice) in [
            ("U0DMITRI", english, "not used", "please change it"),
            ("U0CHLOE", french, "utilisé", "changez-le"),
        ] {
            let dialog = world.slack().open_dialog(user, text).await;
            let preset = element(&dialog, "recipient").get("initial_user");
            assert_eq!(preset.and_then(Value::as_str), recipient, "{text}");
            assert_eq!(
                element(&dialog, "lifetime")["initial_option"]["value"],
                lifetime,
                "{text}"
            );
            let shown = dialog["view"]["blocks"].to_string();
            assert!(shown.contains(named), "{text}: {shown}");
            assert_eq!(shown.contains(advice), warns, "{text}: {shown}");
            assert!(!named.is_empty() || !shown.contains(any), "{text}: {shown}");
            assert!(!dialog.to_string().contains("canary"), "{text}: {dialog}");
            let close = json!({"user": user, "view_id": dialog["id"]});
            world.slack().post("/close", &close).await;
        }
    }
    world.finish().await;
}
