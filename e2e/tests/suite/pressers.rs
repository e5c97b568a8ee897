//! Whose press counts: by every id and from every workspace that Slack may name with it.

use e2e::{Account, Engine, Options, World, button_of, eventually, link_of, on_each_engine};
use serde_json::{Value, json};

const ALICE: &str = "U0ALICE";
const BOB: &str = "U0BOB";

/// Alice, by the id that she has in the organization.
const ALICE_THERE: &str = "W0ALICE";
const SIBLING: &str = "U0SIBLING";
const PARTNER: &str = "U0PARTNER";

const DENIED: &str = "SELECT COUNT(*) FROM audit_events WHERE event = 'denied'";

/// From whom to whom it went, and by which ids they press then.
type Row = ([&'static str; 2], [&'static str; 2]);

/// Of a workspace that belongs to no organization.
const ANYWHERE: [Row; 3] = [
    ([ALICE, BOB], [ALICE, BOB]),
    ([ALICE, PARTNER], [ALICE, PARTNER]),
    ([PARTNER, BOB], [PARTNER, BOB]),
];

const IN_AN_ORGANIZATION: [Row; 4] = [
    ([ALICE, SIBLING], [ALICE, SIBLING]),
    ([SIBLING, BOB], [SIBLING, BOB]),
    ([ALICE, BOB], [ALICE_THERE, BOB]),
    ([BOB, ALICE], [BOB, ALICE_THERE]),
];

async fn world(engine: Engine, grid: &str) -> World {
    world_with(engine, grid, "dm").await
}

async fn world_with(engine: Engine, grid: &str, link_delivery: &str) -> World {
    let options = Options {
        bot_variables: vec![
            ("ALLOW_EXTERNAL", "yes".to_owned()),
            ("LINK_DELIVERY", link_delivery.to_owned()),
        ],
        ..Options::default()
    };
    let world = World::with(engine, options).await;
    world.slack().post("/grid", &json!({ "grid": grid })).await;
    world
}

/// Somebody's message with this button.
async fn message_with(world: &World, user: &str, action: &str) -> Value {
    eventually(action, || async {
        let messages = world.slack().messages_now(user).await;
        let has = |message: &Value| button_of(message).is_some_and(|it| it["action_id"] == action);
        messages.into_iter().rev().find(has)
    })
    .await
}

/// Presses somebody's button as somebody; the title of what is shown then.
async fn press(world: &World, of: &str, user: &str, action: &str) -> String {
    let message = message_with(world, of, action).await;
    let known = world.slack().dialogs(user).await.len();
    world
        .slack()
        .press_in(user, &message, action, &json!({}))
        .await;
    let shown = world.slack().shown_after(user, known).await;
    shown["title"].as_str().unwrap().to_owned()
}

/// Presses somebody's button for a link as somebody; the title of what is shown at last.
async fn issued(world: &World, of: &str, user: &str) -> String {
    let message = message_with(world, of, "issue_link").await;
    let known = world.slack().dialogs(user).await.len();
    world
        .slack()
        .press_in(user, &message, "issue_link", &json!({}))
        .await;
    let shown = eventually("an answer", || async {
        let shown = world.slack().dialogs(user).await.get(known).cloned()?;
        (shown["title"] != "One moment").then_some(shown)
    });
    shown.await["title"].as_str().unwrap().to_owned()
}

async fn link_to(world: &World, user: &str) -> String {
    let linked = eventually("a link", || async {
        let messages = world.slack().messages_now(user).await;
        let is_linked = |message: &Value| message.to_string().contains("/s/");
        messages.into_iter().rev().find(is_linked)
    });
    link_of(&linked.await)
}

async fn each_presses_what_is_theirs(world: &World, rows: &[Row]) {
    for ([sender, recipient], [sender_as, recipient_as]) in rows {
        let about = format!("{sender} to {recipient}, {sender_as} and {recipient_as}");
        world.send_from(sender, recipient).await;
        let link = link_to(world, recipient).await;
        world.settled().await;
        world.web().reveal(link.rsplit('/').next().unwrap()).await;
        let shown = press(world, recipient, recipient_as, "dispute").await;
        assert_eq!(shown, "Thank you", "{about}");
        world.settled().await;
        world.send_from(sender, recipient).await;
        link_to(world, recipient).await;
        world.settled().await;
        let shown = press(world, sender, sender_as, "take_back").await;
        assert_eq!(shown, "Taken back", "{about}");
        world.settled().await;
        assert_eq!(world.database.count(DENIED).await, 0, "{about}");
    }
}

on_each_engine! {
    async fn each_presses_what_is_theirs_in_a_workspace_of_its_own(engine) {
        let world = world(engine, "none").await;
        each_presses_what_is_theirs(&world, &ANYWHERE).await;
        world.finish().await;
    }

    async fn each_presses_what_is_theirs_in_a_workspace_of_an_organization(engine) {
        let world = world(engine, "workspace").await;
        each_presses_what_is_theirs(&world, &ANYWHERE).await;
        each_presses_what_is_theirs(&world, &IN_AN_ORGANIZATION).await;
        world.finish().await;
    }

    async fn each_presses_what_is_theirs_in_a_whole_organization(engine) {
        let world = world(engine, "organization").await;
        each_presses_what_is_theirs(&world, &ANYWHERE).await;
        each_presses_what_is_theirs(&world, &IN_AN_ORGANIZATION).await;
        world.finish().await;
    }

    async fn each_gets_the_link_that_is_theirs(engine) {
        let mut world = world_with(engine, "workspace", "on_click").await;
        let guests = [([ALICE, "U0GUEST"], [ALICE, "U0GUEST"]), ([ALICE, "U0VISITOR"], [ALICE, "U0VISITOR"])];
        for ([sender, recipient], [_, recipient_as]) in ANYWHERE.iter().chain(&IN_AN_ORGANIZATION).chain(&guests) {
            world.send_from(sender, recipient).await;
            message_with(&world, recipient, "issue_link").await;
            world.settled().await;
            assert_eq!(issued(&world, recipient, recipient_as).await, "Your link", "{recipient_as}");
            assert_eq!(world.database.count(DENIED).await, 0, "{recipient_as}");
        }
        // Whoever is called otherwise by now is the same one.
        world.send_from(ALICE, BOB).await;
        world.settled().await;
        let renamed = json!({"user": BOB, "info": {"real_name": "Robert", "name": "robert"}});
        world.slack().post("/people", &renamed).await;
        assert_eq!(issued(&world, BOB, BOB).await, "Your link");
        // Whoever has no account any more gets none.
        let gone = json!({"user": BOB, "info": {"deleted": true}});
        world.slack().post("/people", &gone).await;
        world.bots.clear();
        world.start_bot().await;
        assert_eq!(issued(&world, BOB, BOB).await, "Not just now");
        world.finish().await;
    }

    async fn another_id_counts_only_where_slack_says_whose_it_is(engine) {
        let mut world = world(engine, "workspace").await;
        world.send_from(ALICE, BOB).await;
        world.settled().await;
        for user in [BOB, SIBLING, PARTNER] {
            assert_eq!(press(&world, ALICE, user, "take_back").await, "Not your button", "{user}");
        }
        assert_eq!(world.database.count(DENIED).await, 3);
        // Nobody is told that it is not theirs as long as that is not known.
        world.bots.clear();
        world.start_bot().await;
        world.slack().fail(&json!({"method": "users.info", "status": 503})).await;
        assert_eq!(press(&world, ALICE, ALICE_THERE, "take_back").await, "Not confirmed");
        assert_eq!(world.database.count(DENIED).await, 3);
        world.slack().heal().await;
        assert_eq!(press(&world, ALICE, ALICE_THERE, "take_back").await, "Taken back");
        world.finish().await;
    }

    async fn who_is_refused_hears_it_though_it_can_not_be_written_down(engine) {
        let world = World::start(engine).await;
        world.send_from(ALICE, BOB).await;
        world.settled().await;
        world.database.run(Account::Migrate, "ALTER TABLE audit_events RENAME TO away").await.unwrap();
        assert_eq!(press(&world, ALICE, BOB, "take_back").await, "Not your button");
        world.database.run(Account::Migrate, "ALTER TABLE away RENAME TO audit_events").await.unwrap();
        let log = world.bots[0].process.output();
        assert!(log.contains("a press of a button that is not theirs is missing from the trail"), "{log}");
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets WHERE destroyed_at IS NULL").await, 1);
        world.finish().await;
    }
}
