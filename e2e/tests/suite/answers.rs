//! After a submission was acknowledged its sender is told something, that is true, whatever fails.

use std::time::{Duration, Instant};

use e2e::{Account, Engine, Options, World, eventually, eventually_within, on_each_engine};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// A message that is not out after a minute is late.
const LATE: u32 = 61;

/// Longest wait for a text, of which most is the wait for calls that hang.
const SOON: Duration = Duration::from_mins(1);

/// A sender, a recipient, and what fails for them, for ever.
struct Case {
    sender: String,
    recipient: String,
    faults: Vec<Value>,
}

impl Case {
    fn new(number: usize, faults: &[Value]) -> Self {
        let person = |number: usize| format!("U0CROWD{number:03}");
        let (sender, recipient) = (person(2 * number), person(2 * number + 1));
        let people = [&sender, &recipient];
        let to_both = people.into_iter().flat_map(|person| {
            faults.iter().map(move |fault| {
                let mut fault = fault.clone();
                fault["to"] = person.as_str().into();
                fault
            })
        });
        Self {
            faults: to_both.collect(),
            sender,
            recipient,
        }
    }

    /// Whether the secret lives.
    async fn lives(&self, world: &World) -> bool {
        let sql = format!(
            "SELECT COUNT(*) FROM secrets WHERE sender = '{}' AND ciphertext IS NOT NULL",
            self.sender
        );
        world.database.count(&sql).await > 0
    }

    /// Whether what was told is true.
    async fn check(&self, world: &World, told: &str) {
        let lives = self.lives(world).await;
        let has_message = !world.slack().messages_now(&self.recipient).await.is_empty();
        let says = |text: &str| told.contains(text);
        assert_eq!(says("was destroyed"), !lives, "{:?} {told}", self.faults);
        assert!(
            !says("has the link") || has_message,
            "{:?} {told}",
            self.faults
        );
        assert!(
            says("isn’t delivered yet") || says("could not be delivered") || has_message,
            "{told}"
        );
        let by_answer = !world.slack().ephemerals(&self.sender).await.is_empty();
        if by_answer && lives && !says("be told this before") {
            assert!(says("when you next use the command"), "{told}");
        }
    }
}

/// Every way in which a call fails for one person: codes of every class but those that stop the bot
/// or are about the whole app or everybody's pace, codes that nobody knows, and what is no code.
fn failures(method: &str) -> Vec<Value> {
    let code = |code: &str| json!({"method": method, "error": code});
    let mode = |mode: &str| json!({"method": method, "mode": mode});
    vec![
        code("user_not_found"),
        code("restricted_action"),
        code("a_code_of_tomorrow"),
        code("internal_error"),
        code("service_unavailable"),
        json!({"method": method, "status": 500}),
        json!({"method": method, "status": 403}),
        mode("hang"),
        mode("garbage"),
        mode("lose"),
    ]
}

fn cases() -> Vec<Case> {
    let refused = |method: &str| json!({"method": method, "error": "restricted_action"});
    let mut all: Vec<Vec<Value>> = Vec::new();
    for method in ["users.info", "conversations.open", "chat.postMessage"] {
        // Whom Slack does not know is refused in the dialog already.
        let in_time = |fault: &Value| method == "users.info" && fault["error"] == "user_not_found";
        let faults = failures(method).into_iter().filter(|fault| !in_time(fault));
        all.extend(faults.map(|fault| vec![fault]));
    }
    // Neither can the command be answered.
    all.extend(
        failures("response_url")
            .into_iter()
            .map(|fault| vec![refused("chat.postMessage"), fault]),
    );
    let numbered = all.iter().enumerate();
    numbered
        .map(|(number, faults)| Case::new(number, faults))
        .collect()
}

on_each_engine! {
    async fn every_failure_reaches_the_sender_in_true_words(engine) {
        let mut world = World::with(engine, Options { webs: 0, ..Options::default() }).await;
        world.watch_for("canary-sent");
        world.watch_for("canary-note");
        let cases = cases();
        for case in &cases {
            for fault in &case.faults {
                world.slack().fail(fault).await;
            }
            world.send_from(&case.sender, &case.recipient).await;
        }
        watch_for_responses(&mut world).await;
        world.pass_time(LATE).await;
        // One after the other: what waits for the same is there by then.
        for case in &cases {
            let what = format!("a text for {:?}", case.faults);
            let told = eventually_within(SOON, &what, || async {
                let told = world.told(&case.sender).await;
                (!told.is_empty()).then_some(told)
            })
            .await;
            case.check(&world, &told).await;
        }
        world.slack().heal().await;
        world.pass_leases().await;
        world.finish().await;
    }

    async fn what_the_app_is_refused_waits_and_goes_out_once_it_is_mended(engine) {
        let refusals = ["messages_tab_disabled", "not_in_channel", "invalid_blocks"];
        join_all(refusals.map(|code| refused_to_everybody(engine, code))).await;
    }

    async fn a_second_bot_answers_the_command_that_the_first_one_saw(engine) {
        let mut world = World::with(engine, Options { webs: 0, ..Options::default() }).await;
        let dialog = world.slack().open_dialog("U0CHLOE", "@bob").await;
        assert!(dialog["view"]["private_metadata"].as_str().unwrap().len() < 3000);
        assert!(!dialog.to_string().contains("/response/"), "{dialog}");
        world.kill_bots().await;
        world.start_bot().await;
        world.slack().fail(&json!({"method": "chat.postMessage", "error": "restricted_action"})).await;
        let submission = e2e::Submission { secret: "x", ..Default::default() };
        world.slack().send("U0CHLOE", &dialog, &submission).await;
        watch_for_responses(&mut world).await;
        world.refusal().await;
        world.pass_time(LATE).await;
        let told = eventually("the answer", || async {
            world.slack().ephemerals("U0CHLOE").await.first().cloned()
        })
        .await;
        let told = told.to_string();
        assert!(told.contains("n’est pas encore remis") && told.contains("restricted_action"), "{told}");
        // Of no use any more once half an hour has passed.
        world.pass_time(30 * 60).await;
        eventually("an erased address", || async {
            let sealed = "SELECT COUNT(*) FROM deliveries WHERE kind = 'sender_receipt' AND sealed IS NOT NULL";
            (world.database.count(sealed).await == 0).then_some(())
        })
        .await;
        world.revive().await;
        world.slack().messages("U0BOB", 1).await;
        world.finish().await;
    }

    async fn a_token_that_is_refused_is_told_before_the_bot_stops(engine) {
        let mut world = World::with(engine, Options { webs: 0, ..Options::default() }).await;
        world.slack().fail(&json!({"method": "chat.postMessage", "error": "invalid_auth"})).await;
        world.send_from("U0ALICE", "U0BOB").await;
        world.bot().process.exit_code().await;
        let told = world.slack().ephemerals("U0ALICE").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].to_string().contains("isn’t delivered yet") && told[0].to_string().contains("invalid_auth"), "{told:?}");
        world.revive().await;
        world.slack().messages("U0BOB", 1).await;
        let receipt = world.slack().messages("U0ALICE", 1).await;
        assert!(receipt[0].to_string().contains("has the link"));
        world.finish().await;
    }

    async fn what_is_told_while_another_way_is_tried_is_told_once(engine) {
        let world = World::with(engine, Options { webs: 0, ..Options::default() }).await;
        let refused = json!({"method": "chat.postMessage", "error": "restricted_action"});
        world.slack().fail(&refused).await;
        world.slack().fail(&json!({"method": "response_url", "status": 500})).await;
        world.send_from("U0ALICE", "U0BOB").await;
        world.pass_time(LATE).await;
        eventually("an untold receipt", || async {
            world.is_untold("U0ALICE").await.then_some(())
        })
        .await;
        world.slack().heal().await;
        world.slack().fail(&refused).await;
        world.slack().fail(&json!({"method": "response_url", "mode": "hang"})).await;
        let receipt = "FROM deliveries WHERE kind = 'sender_receipt' AND leased_until";
        eventually("another try", || async {
            world.make_due().await;
            let leased = format!("SELECT COUNT(*) {receipt} IS NOT NULL");
            (world.database.count(&leased).await == 1).then_some(())
        })
        .await;
        let told = format!("{:?}", world.notices("U0ALICE").await);
        assert!(told.contains("be told this before"), "{told}");
        let left = format!("SELECT COUNT(*) {receipt} IS NULL");
        eventually("the end of the try", || async {
            (world.database.count(&left).await == 1).then_some(())
        })
        .await;
        let told = format!("{:?}", world.notices("U0ALICE").await);
        assert!(!told.contains("be told this before"), "{told}");
        world.discard().await;
    }

    async fn what_no_way_could_carry_is_told_at_the_next_command_once(engine) {
        let bot_variables = vec![("CLEANUP_INTERVAL", "1s".to_owned())];
        let world = World::with(engine, Options { webs: 0, bot_variables, ..Options::default() }).await;
        // Of the app, maybe, and of the sender for good.
        for code in ["restricted_action", "user_disabled"] {
            never_told(&world, code).await;
        }
        world.finish().await;
    }
}

/// Opens dialogs until one says all this above the form: what is not found in time is said another
/// time.
async fn noticed(world: &World, user: &str, texts: &[&str]) {
    eventually(&format!("a dialog that says {texts:?}"), || async {
        let notices = format!("{:?}", world.notices(user).await);
        texts
            .iter()
            .all(|text| notices.contains(text))
            .then_some(())
    })
    .await;
}

/// Alice can't be written to, with this code, nor can her command be answered.
async fn never_told(world: &World, code: &str) {
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "error": code, "to": "U0ALICE"}))
        .await;
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "error": "restricted_action"}))
        .await;
    world
        .slack()
        .fail(&json!({"method": "response_url", "status": 500}))
        .await;
    world.send_from("U0ALICE", "U0BOB").await;
    world.pass_time(LATE).await;
    let untold = || async { world.is_untold("U0ALICE").await.then_some(()) };
    eventually("an untold receipt", untold).await;
    noticed(
        world,
        "U0ALICE",
        &["be told this before", "isn’t delivered yet"],
    )
    .await;
    // Written down once the dialog is open.
    eventually("that it is told", || async {
        (!world.is_untold("U0ALICE").await).then_some(())
    })
    .await;
    assert!(
        !format!("{:?}", world.notices("U0ALICE").await).contains("be told this before"),
        "once"
    );
    let expire = "UPDATE secrets SET expires_at = created_at + 1";
    world.database.run(Account::Migrate, expire).await.unwrap();
    world.pass_leases().await;
    eventually("an untold end", untold).await;
    noticed(
        world,
        "U0ALICE",
        &["before its time was over", "restricted_action"],
    )
    .await;
    world.slack().heal().await;
    world.pass_leases().await;
    world.settled().await;
}

/// With nothing moved in the database: a minute until it is late, and the courier's poll.
#[tokio::test(flavor = "multi_thread")]
async fn a_sender_is_told_within_two_minutes() {
    let world = World::with(
        Engine::Sqlite,
        Options {
            webs: 0,
            ..Options::default()
        },
    )
    .await;
    let begun = Instant::now();
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "mode": "hang"}))
        .await;
    world.send_from("U0ALICE", "U0BOB").await;
    let told = eventually_within(2 * SOON, "a text", || async {
        let told = world.told("U0ALICE").await;
        (!told.is_empty()).then_some(told)
    })
    .await;
    assert!(begun.elapsed() < Duration::from_mins(2), "{told}");
    assert!(told.contains("isn’t delivered yet"), "{told}");
    world.discard().await;
}

/// Where a command is answered stands nowhere in the clear.
async fn watch_for_responses(world: &mut World) {
    for response in world.slack().get("/responses").await.as_array().unwrap() {
        world.watch_for(response["id"].as_str().unwrap());
    }
}

async fn refused_to_everybody(engine: Engine, code: &str) {
    let mut world = World::with(
        engine,
        Options {
            webs: 0,
            ..Options::default()
        },
    )
    .await;
    world
        .slack()
        .fail(&json!({"method": "chat.postMessage", "error": code}))
        .await;
    world.send_from("U0ALICE", "U0BOB").await;
    world.refusal().await;
    world.pass_time(LATE).await;
    eventually("what is held", || async {
        // It takes time to tell that it is not Bob alone. A try under way writes down what it
        // found.
        let long_ago = "UPDATE deliveries SET refused_since = 1 \
                        WHERE refused_since IS NOT NULL AND leased_until IS NULL";
        world.database.run(Account::Migrate, long_ago).await.unwrap();
        world.make_due().await;
        let held = "SELECT COUNT(*) FROM deliveries WHERE held_since IS NOT NULL AND kind = 'recipient_message'";
        (world.database.count(held).await == 1).then_some(())
    })
    .await;
    let told = eventually("the answer", || async {
        world.slack().ephemerals("U0ALICE").await.first().cloned()
    })
    .await;
    assert!(told.to_string().contains(code), "{told}");
    let held = world
        .bot()
        .metric("secure_secret_deliveries_held ")
        .await
        .unwrap();
    assert!(held >= 1.0, "{held}");
    let (status, said) = world.bot().ask("/readyz").await;
    assert_eq!(status, 503);
    assert!(
        said.contains(&format!("messages: NOT OK, refused by Slack: {code}")),
        "{said}"
    );
    for (user, expected) in [
        ("U0DMITRI", "can’t go out at the moment"),
        ("U0CHLOE", "ne peuvent pas partir"),
    ] {
        noticed(&world, user, &[expected, code]).await;
    }
    let dialog = world.slack().dialogs("U0DMITRI").await.pop().unwrap();
    world
        .slack()
        .press("U0DMITRI", &dialog, "more_room", &json!({}))
        .await;
    eventually("more room, with the notice", || async {
        let dialog = world
            .slack()
            .dialogs("U0DMITRI")
            .await
            .pop()
            .unwrap()
            .to_string();
        (dialog.contains("secret_2") && dialog.contains("can’t go out")).then_some(())
    })
    .await;
    let before = world.slack().calls("chat.postMessage").await;
    eventually("another refusal", || async {
        // Right after one nothing is tried for some seconds.
        world.make_due().await;
        (world.slack().calls("chat.postMessage").await > before).then_some(())
    })
    .await;
    let log = world.logs();
    let lines = log
        .lines()
        .filter(|line| line.contains("Slack takes no messages from this app"));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 1, "once in ten minutes: {lines:?}");
    assert!(
        lines[0].contains("ERROR") && lines[0].contains("advice"),
        "{lines:?}"
    );
    mended(world).await;
}

/// Slack takes messages again: everything goes out by itself, and nothing says otherwise any more.
async fn mended(mut world: World) {
    world.slack().heal().await;
    world.pass_leases().await;
    world.slack().messages("U0BOB", 1).await;
    let receipt = world.slack().messages("U0ALICE", 1).await;
    assert!(
        receipt[0].to_string().contains("has the link"),
        "{receipt:?}"
    );
    world.settled().await;
    assert_eq!(
        world.bot().metric("secure_secret_deliveries_held ").await,
        Some(0.0)
    );
    assert_eq!(world.bot().ask("/readyz").await.0, 200);
    assert!(world.notices("U0CHLOE").await.is_empty());
    world.finish().await;
}
