//! Who may send and who may get: each row of the table in docs/operating.md, through the real bot;
//! and under which name.

use e2e::{
    Engine, Options, Submission, World, eventually, is_sent, on_each_engine, until_confirmed,
};
use serde_json::{Value, json};

/// The table, and the people of the simulated Slack for whom its rows stand.
const TABLE: &str = include_str!("../../../docs/operating.md");
const PEOPLE: [(&str, &str); 11] = [
    ("member of the workspace", "U0BOB"),
    ("guest of several channels", "U0GUEST"),
    ("guest of one channel", "U0VISITOR"),
    (
        "member of another workspace of the organization",
        "U0SIBLING",
    ),
    ("partner in a shared channel (Slack Connect)", "U0PARTNER"),
    ("partner in no channel with you", "U0STRANGER"),
    ("deactivated account", "U0GONE"),
    ("app or bot", "U0ROBOT"),
    ("Slackbot", "USLACKBOT"),
    ("oneself", "U0ALICE"),
    ("oneself, by the other id in the organization", "W0ALICE"),
];

/// The settings in the table's words, and what they are at first.
const ALLOW: [(&str, bool); 3] = [
    ("ALLOW_SELF", false),
    ("ALLOW_EXTERNAL", false),
    ("ALLOW_GUESTS", true),
];

struct Row {
    user: &'static str,
    may_send: bool,
    /// As the settings are at first, and with each of them turned round.
    may_get: [bool; 2],
    beside_field: String,
    on_receipt: String,
}

impl Row {
    /// Whose messages those are that this person gets: ids of one person share a conversation.
    fn inbox(&self) -> &'static str {
        if self.user == "W0ALICE" {
            "U0ALICE"
        } else {
            self.user
        }
    }
}

fn rows() -> Vec<Row> {
    let section = TABLE
        .split("\n## ")
        .find(|part| part.starts_with("Who may send"))
        .unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let rows: Vec<_> = lines.skip(2).map(row).collect();
    assert_eq!(rows.len(), PEOPLE.len(), "each kind of person has its row");
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<_> = line.split('|').map(str::trim).collect();
    let cells = <[_; 7]>::try_from(cells).unwrap();
    let [_, who, may_send, may_get, beside_field, on_receipt, _] = cells;
    let setting = ALLOW
        .iter()
        .find(|(name, _)| format!("`{name}`") == may_get);
    Row {
        user: PEOPLE.iter().find(|(name, _)| *name == who).unwrap().1,
        may_send: yes(may_send),
        may_get: match setting {
            Some((_, at_first)) => [*at_first, !*at_first],
            None => [yes(may_get); 2],
        },
        beside_field: beside_field.trim_matches('*').to_owned(),
        on_receipt: on_receipt.trim_matches('*').to_owned(),
    }
}

fn yes(cell: &str) -> bool {
    assert!(["yes", "no"].contains(&cell), "{cell}");
    cell == "yes"
}

async fn world(engine: Engine, turned_round: bool, grid: &str) -> World {
    let yes_or_no = |is_allowed| if is_allowed { "yes" } else { "no" };
    let bot_variables = if turned_round {
        ALLOW
            .map(|(name, at_first)| (name, yes_or_no(!at_first).to_owned()))
            .to_vec()
    } else {
        Vec::new()
    };
    let options = Options {
        webs: 0,
        bot_variables,
        ..Options::default()
    };
    let world = World::with(engine, options).await;
    world.slack().post("/grid", &json!({ "grid": grid })).await;
    world
}

async fn submit(world: &World, sender: &str, recipient: &str) -> Value {
    let dialog = world.slack().open_dialog(sender, "").await;
    let submission = Submission {
        recipient: Some(recipient),
        secret: "x",
        ..Submission::default()
    };
    until_confirmed(|| world.slack().submit(sender, &dialog, &submission)).await
}

/// The next message to somebody after so many.
async fn next(world: &World, user: &str, known: usize) -> String {
    world.slack().messages(user, known + 1).await[known].to_string()
}

/// At the submission Slack does not say who anybody is; the courier asks again.
async fn found_at_the_delivery(world: &World, row: &Row, may_get: bool) {
    let slack = world.slack();
    let (sent, told) = (
        slack.messages_now(row.inbox()).await.len(),
        slack.messages_now("U0ALICE").await.len(),
    );
    // Who types the command, and both people of the dialog.
    slack
        .fail(&json!({"method": "users.info", "status": 503, "times": 3}))
        .await;
    let outcome = submit(world, "U0ALICE", row.user).await;
    if row.user == "U0ALICE" && !may_get {
        // That needs no answer of Slack's.
        assert_eq!(
            outcome["errors"]["recipient"], *row.beside_field,
            "{outcome}"
        );
        slack.heal().await;
        return;
    }
    assert!(is_sent(&outcome), "{} {outcome}", row.user);
    if may_get {
        let is_oneself = row.user.ends_with("ALICE");
        let messages = slack
            .messages(row.inbox(), sent + 1 + usize::from(is_oneself))
            .await;
        let has_link = |message: &Value| message.to_string().contains("/s/");
        assert!(messages[sent..].iter().any(has_link), "{}", row.user);
    } else {
        let receipt = next(world, "U0ALICE", told).await;
        assert!(
            receipt.contains("was destroyed") && receipt.contains(&row.on_receipt),
            "{receipt}"
        );
        let link = slack
            .messages_now(row.inbox())
            .await
            .iter()
            .any(|said| said.to_string().contains("/s/"));
        assert!(!link, "{}", row.user);
    }
    world.settled().await;
}

async fn found_at_the_submission(world: &World, row: &Row, may_get: bool) {
    let outcome = submit(world, "U0ALICE", row.user).await;
    if may_get {
        assert!(is_sent(&outcome), "{} {outcome}", row.user);
    } else {
        assert_eq!(outcome["outcome"], "errors", "{} {outcome}", row.user);
        assert_eq!(
            outcome["errors"]["recipient"], *row.beside_field,
            "{}",
            row.user
        );
    }
    world.settled().await;
}

async fn sends(world: &World, row: &Row) {
    let known = world.slack().messages_now("U0DMITRI").await.len();
    let outcome = submit(world, row.user, "U0DMITRI").await;
    assert!(is_sent(&outcome), "{} {outcome}", row.user);
    let message = next(world, "U0DMITRI", known).await;
    let mention = json!({"type": "user", "user_id": row.user}).to_string();
    assert!(
        message.contains("/s/") && message.contains(&mention),
        "{message}"
    );
    world.settled().await;
}

async fn each_row(engine: Engine, turned_round: bool, grid: &str) {
    let mut world = world(engine, turned_round, grid).await;
    for row in rows() {
        let only_in_organization = ["U0SIBLING", "W0ALICE"].contains(&row.user);
        if grid == "none" && only_in_organization {
            continue;
        }
        let may_get = row.may_get[usize::from(turned_round)];
        found_at_the_delivery(&world, &row, may_get).await;
        found_at_the_submission(&world, &row, may_get).await;
        if row.may_send {
            sends(&world, &row).await;
        }
        // Another row's people are nobody that it remembers.
        world.bots.clear();
        world.start_bot().await;
    }
    let failed: Vec<_> = world
        .trail()
        .await
        .into_iter()
        .filter(|entry| entry["event"] == "dm_failed")
        .collect();
    let reasons: Vec<_> = failed
        .iter()
        .map(|entry| entry["metadata"]["reason"].as_str().unwrap())
        .collect();
    for (reason, is_turned_round) in [("external", false), ("guest", true)] {
        assert_eq!(
            reasons.contains(&reason),
            turned_round == is_turned_round,
            "{reasons:?}"
        );
    }
    let is_found = !turned_round && grid != "none";
    assert_eq!(reasons.contains(&"oneself"), is_found, "{reasons:?}");
    world.finish().await;
}

on_each_engine! {
    async fn each_row_holds_in_a_workspace_of_an_organization(engine) {
        each_row(engine, false, "workspace").await;
    }

    async fn each_row_holds_for_a_whole_organization_with_the_settings_turned_round(engine) {
        each_row(engine, true, "organization").await;
    }

    /// A row of a version that did not know of organizations goes on, and so does one whose
    /// organization is known only there.
    async fn a_row_without_an_organization_is_delivered(engine) {
        let world = world(engine, false, "workspace").await;
        for (organization, recipient, expected) in [
            ("NULL", "U0BOB", "has the link"),
            ("NULL", "U0SIBLING", "another organization"),
            ("'E0DISTRICT'", "U0SIBLING", "has the link"),
        ] {
            let told = world.slack().messages_now("U0ALICE").await.len();
            world.slack().fail(&json!({"method": "chat.postMessage", "status": 503, "to": recipient})).await;
            world.send_from("U0ALICE", recipient).await;
            // A try that is under way knows the row as it was.
            let given_back = "SELECT COUNT(*) FROM deliveries WHERE kind = 'recipient_message' \
                              AND settled_at IS NULL AND attempts > 0 AND leased_until IS NULL";
            eventually("that the first try is over", || async {
                (world.database.count(given_back).await == 1).then_some(())
            })
            .await;
            let set = format!("UPDATE secrets SET organization = {organization}");
            world.database.run(e2e::Account::Migrate, &set).await.unwrap();
            // The courier's next try comes by itself.
            world.slack().heal().await;
            let receipt = next(&world, "U0ALICE", told).await;
            assert!(receipt.contains(expected), "{organization} {recipient} {receipt}");
        }
        world.finish().await;
    }

    /// Names that turn text round or that nobody sees: what is shown is what is left of them, or
    /// the next name.
    async fn a_name_turns_nothing_round_and_hides_nobody(engine) {
        let mut world = World::start(engine).await;
        for (real_name, shown) in [
            ("\u{202e}ecilA\u{2066}", "ecilA"),
            ("Al\u{200b}i\u{ad}ce\u{e0041}\u{fe0f}", "Alice"),
            ("*Alice* <!channel>\n`x`", "*Alice* <!channel> `x`"),
            ("\u{3164}\u{2800}\u{ffa0}\u{200f}", "alice"),
            ("شرمین\u{200c}ها", "شرمین\u{200c}ها"),
        ] {
            let profile = json!({"real_name": real_name, "display_name": real_name});
            let info = json!({"real_name": real_name, "profile": profile});
            world.slack().post("/people", &json!({"user": "U0ALICE", "info": info})).await;
            let link = world.alice_sends_bob(Submission { secret: "canary-named", ..Submission::default() }).await;
            let message = world.slack().messages_now("U0BOB").await.pop().unwrap();
            let lead = &message["blocks"][0]["elements"][0]["elements"];
            let isolated = format!("\u{2068}{shown}\u{2069}");
            assert_eq!(lead[0], json!({"type": "text", "text": format!("{isolated} (")}));
            assert_eq!(lead[1], json!({"type": "user", "user_id": "U0ALICE"}));
            let escaped = isolated.replace('<', "&lt;").replace('>', "&gt;");
            assert!(message["text"].as_str().unwrap().starts_with(&escaped), "{message}");
            let page = world.web().look(link.rsplit('/').next().unwrap()).await;
            let escaped = shown.replace('<', "&lt;").replace('>', "&gt;");
            assert!(page.html.contains(&format!("<bdi translate=\"no\" class=\"notranslate\">{escaped}</bdi>")), "{}", page.html);
            // Another bot remembers no name.
            world.settled().await;
            world.bots.clear();
            world.start_bot().await;
        }
        // A name of a version that took any.
        let link = world.alice_sends_bob(Submission { secret: "canary-named", ..Submission::default() }).await;
        let token = link.rsplit('/').next().unwrap();
        for (stored, shown) in [("\u{202e}ecilA", "ecilA"), ("\u{3164}", "U0ALICE")] {
            let set = format!("UPDATE secrets SET sender_name = '{stored}'");
            world.database.run(e2e::Account::Migrate, &set).await.unwrap();
            let page = world.web().look(token).await;
            assert!(page.html.contains(&format!(">{shown}</bdi>")), "{}", page.html);
        }
        let page = world.web().reveal(token).await;
        assert!(page.html.contains(">U0ALICE</bdi>"), "{}", page.html);
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_holds_without_an_organization() {
    for turned_round in [false, true] {
        each_row(Engine::Sqlite, turned_round, "none").await;
    }
}
