//! Secrets that are longer than one field.

use e2e::{World, on_each_engine};
use serde_json::{Value, json};

/// The ids of its fields.
fn fields_of(dialog: &Value) -> Vec<&str> {
    let blocks = dialog["view"]["blocks"].as_array().unwrap().iter();
    blocks
        .filter(|block| block["type"] == "input")
        .filter_map(|block| block["block_id"].as_str())
        .collect()
}

async fn current(world: &World) -> Value {
    world.slack().dialogs("U0ALICE").await.pop().unwrap()
}

/// Presses for more room with what stands in the fields, and waits for it.
async fn more_room(world: &World, values: &Value) -> Value {
    let before = current(world).await;
    world
        .slack()
        .press("U0ALICE", &before, "more_room", values)
        .await;
    e2e::eventually("more room", || async {
        let now = current(world).await;
        let fields = fields_of(&now);
        // The cursor is in the new one, and in no other.
        let newest = *fields
            .iter()
            .rfind(|field| field.starts_with("secret"))
            .unwrap();
        let blocks = now["view"]["blocks"].as_array().unwrap().iter();
        let focused = blocks.filter(|block| block["element"]["focus_on_load"] == true);
        assert!(
            focused.map(|block| &block["block_id"]).eq([newest]),
            "{now}"
        );
        (fields.len() > fields_of(&before).len()).then_some(now)
    })
    .await
}

async fn submit(world: &World, dialog: &Value, values: &Value) -> Value {
    let body = json!({"user": "U0ALICE", "view_id": dialog["id"], "values": values});
    e2e::until_confirmed(|| world.slack().post("/submit", &body)).await
}

on_each_engine! {
    async fn four_fields_full_of_emoji_are_joined_exactly(engine) {
        let mut world = World::start(engine).await;
        world.slack().open_dialog("U0ALICE", "").await;
        let field = |mark: &str| format!("{mark}{}\n ", "🔑".repeat(2997));
        let parts = ["a", "b", "c", "d"].map(field);
        world.watch_for(&"🔑".repeat(20));
        // Chosen and typed before the button is pressed: nothing of it is lost.
        let mut values = json!({
            "recipient": {"value": {"selected_user": "U0BOB"}},
            "lifetime": {"value": {"selected_option": "24h"}},
            "note": {"value": {"value": "a certificate"}},
        });
        for part in &parts[..3] {
            let fields = fields_of(&current(&world).await).iter().filter(|id| id.starts_with("secret")).count();
            let block = if fields == 1 { "secret".to_owned() } else { format!("secret_{fields}") };
            values[block] = json!({"value": {"value": part}});
            more_room(&world, &values).await;
        }
        let dialog = current(&world).await;
        assert_eq!(fields_of(&dialog), ["recipient", "secret", "secret_2", "secret_3", "secret_4", "lifetime", "note"]);
        assert!(!dialog["view"].to_string().contains("more_room"), "there are as many as there can be");
        assert!(!dialog["view"].to_string().contains("🔑"), "what was typed is not sent back");
        let long = json!({"secret_4": {"value": {"value": "x".repeat(3001)}}});
        let outcome = submit(&world, &dialog, &long).await;
        let said = outcome["errors"]["secret_4"].as_str().unwrap();
        assert!(said.contains("12,000 characters in all is the end") && !said.contains("More room"), "{said}");
        let last = json!({"secret_4": {"value": {"value": parts[3]}}});
        let outcome = submit(&world, &dialog, &last).await;
        assert!(e2e::is_sent(&outcome), "{outcome}");
        let messages = world.slack().messages("U0BOB", 1).await;
        assert!(messages[0].to_string().contains("a certificate"));
        let link = e2e::link_of(&messages[0]);
        let page = world.web().reveal(link.rsplit('/').next().unwrap()).await;
        let shown = page.secret().unwrap();
        assert_eq!(shown.chars().count(), 12_000);
        assert!(shown == parts.concat());
        world.finish().await;
    }

    async fn mistakes_stay_beside_their_field(engine) {
        let world = World::start(engine).await;
        world.slack().open_dialog("U0ALICE", "@bob").await;
        let dialog = more_room(&world, &json!({"secret": {"value": {"value": "first"}}})).await;
        for (second, expected) in [("x".repeat(3001), "Press “More room”"), ("a\0".to_owned(), "NUL")] {
            let values = json!({"secret_2": {"value": {"value": second}}});
            let outcome = submit(&world, &dialog, &values).await;
            assert_eq!(outcome["outcome"], "errors", "{outcome}");
            assert!(outcome["errors"]["secret_2"].as_str().unwrap().contains(expected), "{outcome}");
            assert_eq!(outcome["errors"].as_object().unwrap().len(), 1);
        }
        // A field that is not used is no mistake.
        let outcome = submit(&world, &dialog, &json!({"secret_2": {"value": {"value": ""}}})).await;
        assert!(e2e::is_sent(&outcome), "{outcome}");
        let link = e2e::link_of(&world.slack().messages("U0BOB", 1).await[0]);
        let page = world.web().reveal(link.rsplit('/').next().unwrap()).await;
        assert_eq!(page.secret().as_deref(), Some("first"));
        world.finish().await;
    }

    async fn pressing_twice_makes_room_once(engine) {
        let world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0ALICE", "").await;
        let body = json!({
            "user": "U0ALICE", "view_id": dialog["id"], "action_id": "more_room", "duplicate": "new_envelope",
        });
        world.slack().post("/press", &body).await;
        e2e::eventually("both were handled", || async {
            (world.slack().calls("views.update").await == 2).then_some(())
        })
        .await;
        let once = current(&world).await;
        assert_eq!(fields_of(&once).iter().filter(|id| id.starts_with("secret")).count(), 2);
        world.finish().await;
    }
}
