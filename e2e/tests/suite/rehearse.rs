//! `rehearse`: a script plays the person, in the simulated Slack and at the terminal. For each step
//! the surroundings are broken so that this step fails, and no other.

use std::{process::Stdio, time::Duration};

use e2e::{
    Account, Engine, Options, World, binary, button_of, eventually, link_of, on_each_engine,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

const ALICE: &str = "U0ALICE";
const BOB: &str = "U0BOB";
const PHONE: &str =
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36";

/// Longest wait for the program's next line.
const PATIENCE: Duration = Duration::from_mins(4);

/// How long the rehearsal waits for what should happen.
const WAIT: &str = "40s";

/// What is broken from the beginning of one step to that of another.
struct Fault {
    breaks: usize,
    from: usize,
    until: usize,
    how: How,
}

enum How {
    Call(Value),
    Quirk(Value),
    /// The phone doesn't get to the reveal page.
    PhoneOffline,
}

/// Each step, by its number, with what breaks it.
fn fault(step: usize) -> Option<Fault> {
    let fault = |from, until, how| Fault {
        breaks: step,
        from,
        until,
        how,
    };
    let call = |from, until, what| fault(from, until, How::Call(what));
    let quirk = |what| fault(3, 99, How::Quirk(what));
    Some(match step {
        1 => call(
            1,
            2,
            json!({"method": "views.open", "error": "internal_error", "times": 3}),
        ),
        2 => call(
            2,
            3,
            json!({"method": "users.info", "to": "U0ROBOT", "mode": "hang"}),
        ),
        3 => call(
            3,
            4,
            json!({"method": "views.update", "error": "internal_error"}),
        ),
        4 => quirk(json!({"hides_next_to": BOB})),
        5 => quirk(json!({"silent_desktops": true})),
        6 => quirk(json!({"silent_phones": true})),
        7 => call(
            3,
            8,
            json!({"method": "chat.postMessage", "to": ALICE, "status": 503}),
        ),
        8 => quirk(json!({"rewrites_typing": true})),
        9 => call(
            8,
            10,
            json!({"method": "chat.update", "to": BOB, "status": 503}),
        ),
        10 => fault(3, 14, How::Quirk(json!({"silent_threads": true}))),
        11 => fault(11, 12, How::PhoneOffline),
        12 => call(
            12,
            13,
            json!({"method": "conversations.open", "to": "U0GUEST",
            "error": "user_not_visible"}),
        ),
        13 => call(
            13,
            99,
            json!({"method": "chat.update", "to": BOB, "status": 503}),
        ),
        14 => fault(14, 99, How::Quirk(json!({"silent_threads": true}))),
        _ => return None,
    })
}

/// Who plays.
struct Player<'a> {
    world: &'a World,
    fault: Option<Fault>,
    step: usize,
    phone_offline: bool,
    parts: Vec<String>,
    dialog: Value,
    /// The address that was kept.
    token: String,
}

impl Player<'_> {
    /// Another step begins.
    async fn begin(&mut self, step: usize) {
        self.step = step;
        let Some(fault) = &self.fault else { return };
        let slack = self.world.slack();
        if step == fault.from {
            match &fault.how {
                How::Call(what) => slack.fail(what).await,
                How::Quirk(what) => {
                    slack.post("/quirks", what).await;
                }
                How::PhoneOffline => self.phone_offline = true,
            }
        }
        if step == fault.until {
            slack.heal().await;
            self.phone_offline = false;
            self.world.make_due().await;
        }
    }

    /// Types the command; whether the dialog opens. It is said if it doesn't.
    async fn type_command(&mut self) -> bool {
        let slack = self.world.slack();
        let told = slack.ephemerals(ALICE).await.len();
        let typed = json!({ "user": ALICE, "command": "/sendsecret", "text": "" });
        slack.post("/command", &typed).await;
        self.dialog = eventually("the dialog, or words", || async {
            let is_told = slack.ephemerals(ALICE).await.len() > told;
            let opened = slack.dialogs(ALICE).await.pop();
            opened.or(is_told.then_some(Value::Null))
        })
        .await;
        !self.dialog.is_null()
    }

    /// Submits the dialog that is open, or a new one; whether it closes.
    async fn send(&mut self, recipient: &str, lifetime: &str, parts: &[&str]) -> bool {
        if self.dialog.is_null() {
            assert!(self.type_command().await);
        }
        let mut values = json!({
            "recipient": {"value": {"selected_user": recipient}},
            "lifetime": {"value": {"selected_option": lifetime}},
        });
        for (block, part) in ["secret", "secret_2"].iter().zip(parts) {
            values[*block] = json!({"value": {"value": part}});
        }
        let submission = json!({
            "user": ALICE, "view_id": self.dialog["id"], "values": values, "duplicate": "none",
        });
        let outcome = self.world.slack().post("/submit", &submission).await;
        if outcome["outcome"] != "closed" {
            let close = json!({ "user": ALICE, "view_id": self.dialog["id"] });
            self.world.slack().post("/close", &close).await;
        }
        self.dialog = Value::Null;
        outcome["outcome"] == "closed"
    }

    /// Sends Bob something, and waits for message and receipt.
    async fn send_and_see(&mut self, lifetime: &str, parts: &[&str]) {
        let slack = self.world.slack();
        let known = slack.messages_now(BOB).await.len();
        let receipts = slack.messages_now(ALICE).await.len();
        assert!(self.send(BOB, lifetime, parts).await);
        let slack = self.world.slack();
        slack.messages(BOB, known + 1).await;
        slack.messages(ALICE, receipts + 1).await;
    }

    /// Presses "More room"; whether it is there. Words over the dialog are closed again.
    async fn more_room(&mut self) -> bool {
        assert!(self.type_command().await);
        let typed = json!({"secret": {"value": {"value": self.parts[0]}}});
        let slack = self.world.slack();
        slack.press(ALICE, &self.dialog, "more_room", &typed).await;
        let dialogs = eventually("another field, or words", || async {
            let dialogs = slack.dialogs(ALICE).await;
            let is_there = dialogs[0].to_string().contains("\"secret_2\"");
            (is_there || dialogs.len() > 1).then_some(dialogs)
        })
        .await;
        for words in &dialogs[1..] {
            let close = json!({ "user": ALICE, "view_id": words["id"] });
            slack.post("/close", &close).await;
        }
        self.dialog = dialogs[0].clone();
        let is_there = self.dialog.to_string().contains("\"secret_2\"");
        let is_kept = self.dialog["typed"]["secret"]["value"]["value"] == self.parts[0].as_str();
        is_there && is_kept
    }

    async fn send_parts(&mut self) {
        let (first, second) = (self.parts[0].clone(), self.parts[1].clone());
        let sent = if self.dialog.to_string().contains("\"secret_2\"") {
            self.send(BOB, "1h", &[&first, &second]).await
        } else {
            self.send(BOB, "1h", &[&(first + &second)]).await
        };
        assert!(sent);
    }

    /// Bob's last message.
    async fn message(&self) -> Value {
        self.world.slack().messages_now(BOB).await.pop().unwrap()
    }

    /// The message of the secret of one hour, as far as it is seen.
    async fn sees_message(&mut self) -> bool {
        let message = self.message().await;
        let is_it = message.to_string().contains("within 1 hour");
        if is_it {
            self.token = self.token_of(&message).await;
        }
        is_it
    }

    /// The token of a message's link, or of the one that its button gives.
    async fn token_of(&self, message: &Value) -> String {
        let link = if button_of(message).unwrap()["url"].is_string() {
            link_of(message)
        } else {
            let modal = self.follows_button(message).await;
            let url = &modal["view"]["blocks"][1]["elements"][0]["url"];
            url.as_str().unwrap().to_owned()
        };
        link.rsplit('/').next().unwrap().to_owned()
    }

    /// Presses the button that gives a link; the window with it.
    async fn follows_button(&self, message: &Value) -> Value {
        let slack = self.world.slack();
        let known = slack.dialogs(BOB).await.len();
        slack.press_in(BOB, message, "issue_link", &json!({})).await;
        eventually("the link", || async {
            let modal = slack.dialogs(BOB).await.get(known).cloned()?;
            (modal["title"] == "Your link").then_some(modal)
        })
        .await
    }

    /// Sends a word, and looks at the window on the phone.
    async fn sees_window(&mut self) -> bool {
        self.send_and_see("1h", &["radish"]).await;
        let modal = self.follows_button(&self.message().await).await;
        let slack = self.world.slack();
        slack.press(BOB, &modal, "follow_link", &json!({})).await;
        eventually("that it was followed", || async {
            let modals = slack.dialogs(BOB).await;
            let now = modals.into_iter().find(|now| now["id"] == modal["id"])?;
            (now["title"] == "In your browser").then_some(true)
        })
        .await
    }

    async fn rang(&self, place: &str) -> bool {
        let message = self.message().await;
        message["rang"].as_array().unwrap().contains(&json!(place))
    }

    /// One is of the first step.
    async fn sees_receipt(&self) -> bool {
        let receipts = self.world.slack().messages_now(ALICE).await;
        let told = receipts.iter().map(Value::to_string);
        told.filter(|told| told.contains("<@U0BOB> has the"))
            .count()
            > 1
    }

    async fn hears_reply(&self) -> bool {
        let receipts = self.world.slack().messages_now(ALICE).await;
        receipts.iter().any(|message| {
            let is_reply = message["thread_ts"].is_string();
            is_reply
                && message.to_string().contains("visited again")
                && message["rang"] != json!([])
        })
    }

    /// Sends a word, and opens its link on the phone.
    async fn opens_on_phone(&mut self) -> bool {
        self.send_and_see("1h", &["potato"]).await;
        if self.phone_offline {
            return false;
        }
        let token = self.token_of(&self.message().await).await;
        let token = token.as_str();
        let web = self.world.web();
        let page = web.look(token).await;
        let form = [
            ("token", token),
            ("confirmation", page.confirmation().unwrap()),
        ];
        let pressed = web
            .post()
            .header("user-agent", PHONE)
            .form(&form)
            .send()
            .await;
        pressed.unwrap().text().await.unwrap().contains("potato")
    }

    /// The first secret's time is over.
    async fn let_expire(&self) {
        let sql = "UPDATE secrets SET created_at = created_at - 900000, expires_at = expires_at - 900000 \
                   WHERE destroyed_at IS NULL AND expires_at - created_at = 900000";
        self.world
            .database
            .run(Account::Migrate, sql)
            .await
            .unwrap();
        let swept = "SELECT COUNT(*) FROM secrets WHERE destroy_reason = 'expired'";
        eventually("the sweep", || async {
            (self.world.database.count(swept).await > 0).then_some(())
        })
        .await;
    }

    /// It is time for the last secret's reminder.
    async fn let_remind(&self) {
        for sql in [
            "UPDATE secrets SET created_at = created_at - 360000, expires_at = expires_at - 360000 \
             WHERE destroyed_at IS NULL",
            "UPDATE deliveries SET posted_at = posted_at - 360000",
        ] {
            self.world
                .database
                .run(Account::Migrate, sql)
                .await
                .unwrap();
        }
        // Of each that lives: one comes after the other.
        let not_yet = "SELECT COUNT(*) FROM deliveries JOIN secrets ON secrets.id = secret_id \
                       WHERE kind = 'recipient_message' AND destroyed_at IS NULL AND reminded_at IS NULL";
        eventually("the reminder", || async {
            let is_there = self.reminder().await.is_some();
            (is_there && self.world.database.count(not_yet).await == 0).then_some(())
        })
        .await;
    }

    async fn reminder(&self) -> Option<Value> {
        let message = self.message().await;
        let is_it = message.to_string().contains("was not opened yet");
        (is_it && message["thread_ts"].is_string()).then_some(message)
    }

    async fn hears_reminder(&self) -> bool {
        let reminder = self.reminder().await;
        reminder.is_some_and(|reminder| reminder["rang"] != json!([]))
    }

    /// What is typed when the program says this; `None` where it asks nothing.
    async fn answer(&mut self, line: &str) -> Option<String> {
        let yes = |is_so: bool| if is_so { "yes" } else { "no" }.to_owned();
        let typed = match line {
            _ if line.contains("? Does the dialog open") => yes(self.type_command().await),
            _ if line.contains("? Does the dialog stay") => {
                yes(!self.send("U0ROBOT", "15m", &["tomato"]).await)
            }
            _ if line.contains("? Is there a second field") => yes(self.more_room().await),
            _ if line.contains("? Is the message there") => yes(self.sees_message().await),
            _ if line.contains("on the recipient's desktop?") => yes(self.rang("desktop").await),
            _ if line.contains("on the recipient's phone?") => yes(self.rang("phone").await),
            _ if line.contains("? Is there a receipt") => yes(self.sees_receipt().await),
            _ if line.contains("> Paste what was copied") => {
                let page = self.world.web().reveal(&self.token).await;
                format!("{}\n.", page.secret().unwrap())
            }
            _ if line.contains("? Does the message say that it was opened") => {
                let message = self.message().await.to_string();
                yes(message.contains("was opened on") && !message.contains("/s/"))
            }
            _ if line.contains("> Press Enter when the page is there") => {
                let page = self.world.web().look(&self.token).await;
                assert_eq!(page.state(), "opened");
                String::new()
            }
            _ if line.contains("? Is the reply there") => yes(self.hears_reply().await),
            _ if line.contains("? Does the phone show the word") => {
                yes(self.opens_on_phone().await)
            }
            _ if line.contains("? Did the window's button open") => yes(self.sees_window().await),
            _ if line.contains("> The guest's member ID") => "U0GUEST".to_owned(),
            _ if line.contains("> Press Enter when it is sent, or refused") => {
                assert!(self.send("U0GUEST", "1h", &["carrot"]).await);
                String::new()
            }
            _ if line.contains("? Is a reminder there") => yes(self.hears_reminder().await),
            _ if line.contains("> Press Enter when it is sent") => {
                match self.step {
                    1 => self.send_and_see("15m", &["tomato"]).await,
                    14 => self.send_and_see("1h", &["turnip"]).await,
                    _ => self.send_parts().await,
                }
                String::new()
            }
            _ if line.contains("> Press Enter to look again") => {
                if self.step == 14 {
                    self.let_remind().await;
                } else {
                    self.let_expire().await;
                }
                String::new()
            }
            _ => return None,
        };
        Some(typed)
    }
}

/// The program, and what it says.
struct Rehearsal {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Rehearsal {
    fn start(world: &World, arguments: &[&str]) -> Self {
        let mut child = Command::new(binary("secure-secret-bot"))
            .arg("rehearse")
            .args(arguments)
            .env_clear()
            .envs(world.variables_of_bot())
            .envs(world.bot_variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            stdin,
            lines,
        }
    }

    async fn line(&mut self) -> Option<String> {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        line.unwrap().unwrap()
    }
}

/// Plays a rehearsal; the report and the exit code.
async fn play(world: &World, fault: Option<Fault>) -> (String, Option<i32>) {
    let mut rehearsal = Rehearsal::start(world, &[ALICE, "--with", BOB, "--wait", WAIT]);
    let mut player = Player {
        world,
        fault,
        step: 0,
        phone_offline: false,
        parts: Vec::new(),
        dialog: Value::Null,
        token: String::new(),
    };
    let mut report = String::new();
    let mut in_report = false;
    while let Some(line) = rehearsal.line().await {
        in_report |= line.starts_with("# Rehearsal");
        if in_report {
            report.push_str(&line);
            report.push('\n');
        } else if let Some(step) = line.strip_prefix('[') {
            let step = step.split('/').next().unwrap().parse().unwrap();
            player.begin(step).await;
        } else if line == "----8<----" {
            let mut part = Vec::new();
            while let Some(line) = rehearsal.line().await.filter(|line| line != "---->8----") {
                part.push(line);
            }
            player.parts.push(part.join("\n"));
        } else if let Some(typed) = player.answer(&line).await {
            rehearsal
                .stdin
                .write_all(format!("{typed}\n").as_bytes())
                .await
                .unwrap();
            rehearsal.stdin.flush().await.unwrap();
        }
    }
    for private in [
        ALICE, BOB, "U0GUEST", "Alice", "Bob", "Guest,", "http", "tomato", "KEY",
    ] {
        assert!(!report.contains(private), "{private} in {report}");
    }
    for line in player.parts.iter().flat_map(|part| part.lines()) {
        assert!(!report.contains(line), "{line} in {report}");
    }
    (report, rehearsal.child.wait().await.unwrap().code())
}

/// A world in which what expired is destroyed at once.
async fn world(engine: Engine) -> World {
    world_with(engine, "dm").await
}

async fn world_with(engine: Engine, link_delivery: &str) -> World {
    let options = Options {
        bot_variables: vec![
            ("CLEANUP_INTERVAL", "1s".to_owned()),
            ("REMIND_BEFORE", "55m".to_owned()),
            ("LINK_DELIVERY", link_delivery.to_owned()),
        ],
        ..Options::default()
    };
    let world = World::with(engine, options).await;
    world.set_hour(BOB, 12).await;
    world
}

/// The numbers of the steps that failed.
fn failed(report: &str) -> Vec<usize> {
    steps_that(report, "| FAILED |")
}

/// The numbers of the steps that were not checked.
fn not_checked(report: &str) -> Vec<usize> {
    steps_that(report, "| not checked |")
}

fn steps_that(report: &str, went: &str) -> Vec<usize> {
    let rows = report.lines().filter(|line| line.contains(went));
    rows.map(|row| row[2..].split('.').next().unwrap().parse().unwrap())
        .collect()
}

on_each_engine! {
    async fn every_step_is_played_and_the_report_names_nobody(engine) {
        let world = world(engine).await;
        let (report, code) = play(&world, None).await;
        assert!(failed(&report).is_empty(), "{report}");
        assert_eq!(not_checked(&report), [15], "{report}");
        for row in [
            "| 1. the dialog opens | said | yes |",
            "| 2. a recipient who can't get secrets is refused | checked |",
            "| 8. characters come back as they were typed | checked | byte for byte |",
            "| 11. the link opens from the phone's app | checked | opened by a phone's browser |",
            "| 12. a guest | checked |",
            "| 13. the expiry | checked | destroyed unseen, and the message says so |",
            "| 14. the reminder | said | Slack took the reminder, and it rang |",
        ] {
            assert!(report.contains(row), "{row} in {report}");
        }
        assert_eq!(code, Some(0));
        world.discard().await;
    }

    async fn every_step_is_played_where_a_button_gives_the_link(engine) {
        let world = world_with(engine, "on_click").await;
        let (report, code) = play(&world, None).await;
        assert!(failed(&report).is_empty() && not_checked(&report).is_empty(), "{report}");
        for row in [
            "| 8. characters come back as they were typed | checked | byte for byte |",
            "| 15. the window with a link, on the phone | said | it leads to the phone's browser |",
        ] {
            assert!(report.contains(row), "{row} in {report}");
        }
        assert_eq!(code, Some(0));
        world.discard().await;
    }
}

macro_rules! each_fault {
    ($($name:ident: $step:literal,)+) => {
        $(#[tokio::test]
        async fn $name() {
            let world = world(Engine::Sqlite).await;
            let fault = fault($step).unwrap();
            let breaks = fault.breaks;
            let (report, code) = play(&world, Some(fault)).await;
            assert_eq!(failed(&report), [breaks], "{report}");
            assert_eq!(not_checked(&report), [15], "{report}");
            assert_eq!(code, Some(1));
            world.discard().await;
        })+
    };
}

each_fault! {
    a_dialog_that_does_not_open_fails_alone: 1,
    a_bot_that_is_taken_for_a_person_fails_alone: 2,
    a_dialog_that_gets_no_more_room_fails_alone: 3,
    a_message_that_nobody_sees_fails_alone: 4,
    a_silent_desktop_fails_alone: 5,
    a_silent_phone_fails_alone: 6,
    a_receipt_that_does_not_come_fails_alone: 7,
    characters_that_change_on_the_way_fail_alone: 8,
    a_message_that_does_not_change_fails_alone: 9,
    a_reply_that_does_not_ring_fails_alone: 10,
    a_phone_without_a_way_to_the_page_fails_alone: 11,
    a_guest_who_can_not_be_reached_fails_alone: 12,
    an_expiry_that_does_not_show_fails_alone: 13,
    a_reminder_that_does_not_ring_fails_alone: 14,
}

/// Input that ends, and what is no person, end it early and are told.
#[tokio::test]
async fn it_ends_where_nobody_plays_on() {
    let world = world(Engine::Sqlite).await;
    let rehearsal = Rehearsal::start(&world, &[ALICE, "--with", BOB, "--wait", "1s"]);
    drop(rehearsal.stdin);
    let mut lines = rehearsal.lines;
    let mut said = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        said.push_str(&line);
        said.push('\n');
    }
    assert!(said.contains("| 13. the expiry | not checked |"), "{said}");
    assert!(failed(&said).is_empty(), "{said}");
    for (arguments, told) in [
        (vec!["@alice", "--with", BOB], "that is no member ID"),
        (vec!["U0ROBOT", "--with", BOB], "that is an app"),
        (vec![ALICE, "--with", ALICE], "ALLOW_SELF=no"),
        (vec![ALICE], "nobody said who gets the secrets"),
        (vec![], "nobody said who plays"),
    ] {
        let arguments = [vec!["rehearse"], arguments].concat();
        let ran = e2e::run("secure-secret-bot", &arguments, &world.variables_of_bot()).await;
        assert_eq!(ran.code, Some(1), "{told}");
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    world.discard().await;
}
