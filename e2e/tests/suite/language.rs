//! Everybody is spoken to in their own language.

use e2e::{Options, Submission, World, eventually, on_each_engine};
use serde_json::{Value, json};

fn texts(messages: &[Value]) -> String {
    messages.iter().map(ToString::to_string).collect()
}

on_each_engine! {
    async fn each_side_reads_its_own_language(engine) {
        let mut world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0CHLOE", "@bob 4h").await;
        assert_eq!(dialog["view"]["title"]["text"], "Envoyer un secret");
        let empty = Submission { secret: " ", ..Submission::default() };
        let outcome = world.slack().submit("U0CHLOE", &dialog, &empty).await.to_string();
        assert!(outcome.contains("Saisissez le secret."), "{outcome}");
        let submission = Submission { secret: "canary-of-language", ..Submission::default() };
        world.watch_for("canary-of-language");
        world.slack().send("U0CHLOE", &dialog, &submission).await;
        let messages = world.slack().messages("U0BOB", 1).await;
        assert!(texts(&messages).contains("\u{2068}Chloé Gagnon\u{2069} sent you a secret"), "{messages:?}");
        let link = e2e::link_of(&messages[0]);
        let receipt = texts(&world.slack().messages("U0CHLOE", 1).await);
        assert!(receipt.contains("<@U0BOB> a reçu le lien"), "{receipt}");
        assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
        eventually("the receipt tells of it", || async {
            let receipt = texts(&world.slack().messages_now("U0CHLOE").await);
            (receipt.contains("a été ouvert le") && receipt.contains("HNE")).then_some(())
        })
        .await;

        let dialog = world.slack().open_dialog("U0BOB", "@chloe").await;
        assert_eq!(dialog["view"]["title"]["text"], "Send a secret");
        let to_chloe = Submission { recipient: Some("U0CHLOE"), secret: "x", ..Submission::default() };
        world.slack().submit("U0BOB", &dialog, &to_chloe).await;
        let messages = texts(&world.slack().messages("U0CHLOE", 2).await);
        assert!(messages.contains("\u{2068}Bob Okafor\u{2069} vous a envoyé un secret"), "{messages}");
        world.finish().await;
    }

    async fn what_slack_tells_only_after_the_submission_is_used_from_then_on(engine) {
        let mut world = World::start(engine).await;
        for (count, fault) in [
            json!({"mode": "hang"}),
            json!({"status": 429, "retry_after": 1}),
            json!({"status": 500}),
            json!({"error": "internal_error"}),
            json!({"mode": "garbage"}),
        ].into_iter().enumerate() {
            let mut fault = fault;
            fault["method"] = "users.info".into();
            fault["to"] = "U0CHLOE".into();
            fault["times"] = 1.into();
            world.slack().fail(&fault).await;
            let dialog = world.slack().open_dialog("U0BOB", "@chloe").await;
            let submission = Submission { secret: "canary-told-later", ..Submission::default() };
            world.slack().send("U0BOB", &dialog, &submission).await;
            let messages = world.slack().messages("U0CHLOE", count + 1).await;
            let message = messages.last().unwrap();
            let text = message.to_string();
            assert!(text.contains("vous a envoyé un secret") && text.contains("HNE"), "{fault} {text}");
            let known = "SELECT COUNT(*) FROM secrets WHERE recipient_locale = 'fr-CA' \
                         AND recipient_tz = 'America/Toronto'";
            assert_eq!(world.database.count(known).await, i64::try_from(count + 1).unwrap());
            let link = e2e::link_of(message);
            let token = link.rsplit('/').next().unwrap();
            let page = world.web().get(&format!("/s/{token}")).await;
            assert!(page.html.contains("lang=\"fr\"") && page.html.contains("HNE"), "{}", page.html);
            assert_eq!(world.web().reveal(token).await.status, 200);
            eventually("the message tells of it", || async {
                let text = world.slack().messages_now("U0CHLOE").await.last().unwrap().to_string();
                (text.contains("Ce secret a été ouvert") && text.contains("HNE")).then_some(())
            })
            .await;
            // The next bot knows nobody.
            world.settled().await;
            world.kill_bots().await;
            world.start_bot().await;
        }
        world.watch_for("canary-told-later");
        world.finish().await;
    }

    async fn a_dialog_keeps_its_language_whatever_becomes_of_slack(engine) {
        let mut world = World::start(engine).await;
        let mut dialog = world.slack().open_dialog("U0CHLOE", "@bob hello").await;
        // The next bot knows nobody, and is told of her no more.
        world.kill_bots().await;
        world.slack().fail(&json!({"method": "users.info", "to": "U0CHLOE", "status": 503})).await;
        world.start_bot().await;
        world.slack().press("U0CHLOE", &dialog, "more_room", &json!({})).await;
        dialog = eventually("more room", || async {
            let dialog = world.slack().dialogs("U0CHLOE").await.pop()?;
            dialog.to_string().contains("secret_2").then_some(dialog)
        })
        .await;
        let text = dialog["view"].to_string();
        for french in ["Envoyer un secret", "Secret, partie 2", "Plus de place", "D’autres mots"] {
            assert!(text.contains(french), "{text}");
        }
        let blank = Submission { secret: " ", ..Submission::default() };
        let outcome = world.slack().submit("U0CHLOE", &dialog, &blank).await;
        assert_eq!(outcome["outcome"], "errors", "{outcome}");
        assert!(outcome.to_string().contains("Saisissez le secret"), "{outcome}");
        // Nor does it turn English where no field could be added.
        world.slack().fail(&json!({"method": "views.update", "status": 503})).await;
        world.slack().press("U0CHLOE", &dialog, "more_room", &json!({})).await;
        let said = eventually("what is said of it", || async {
            let dialogs = world.slack().dialogs("U0CHLOE").await;
            (dialogs.len() == 2).then(|| dialogs[1].clone())
        })
        .await;
        assert_eq!(said["title"], "Pas de nouveau champ");

        let mut view = dialog["view"].clone();
        view["state"] = json!({"values": {
            "recipient": {"value": {"selected_user": "U0BOB"}},
            "secret": {"value": {"value": "canary-kept-language"}},
            "secret_2": {"value": {"value": null}},
            "note": {"value": {"value": null}},
            "lifetime": {"value": {"selected_option": {"value": "4h"}}},
        }});
        let submission = json!({"type": "interactive", "payload": {
            "type": "view_submission", "team": {"id": "T0SCHOOL"}, "user": {"id": "U0CHLOE"}, "view": view,
        }});
        world.watch_for("canary-kept-language");
        let first = world.slack().post("/envelope", &submission).await;
        assert!(first["answered"] == true && first["answer"].is_null(), "{first}");
        let again = world.slack().post("/envelope", &submission).await["answer"].to_string();
        assert!(again.contains("Déjà envoyé") && again.contains("HNE"), "{again}");
        let link = e2e::link_of(&world.slack().messages("U0BOB", 1).await[0]);
        let receipt = texts(&world.slack().messages("U0CHLOE", 1).await);
        assert!(receipt.contains("a reçu le lien") && receipt.contains("HNE"), "{receipt}");
        // Changes are in it, too.
        assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
        eventually("the receipt tells of it", || async {
            let receipt = texts(&world.slack().messages_now("U0CHLOE").await);
            (receipt.contains("a été ouvert le") && receipt.contains("HNE")).then_some(())
        })
        .await;
        world.finish().await;
    }

    async fn a_dialog_of_the_version_before_is_in_its_readers_language(engine) {
        let world = World::start(engine).await;
        let dialog = world.slack().open_dialog("U0CHLOE", "@bob").await;
        let payload = |kind: &str, more: &Value| {
            let mut payload = json!({"type": kind, "team": {"id": "T0SCHOOL"}, "user": {"id": "U0CHLOE"}});
            payload["view"] = dialog["view"].clone();
            payload["view"]["private_metadata"] = r#"{"fields":1,"has_unused_words":true}"#.into();
            payload["view"]["state"] = json!({"values": {
                "recipient": {"value": {"selected_user": "U0BOB"}},
                "secret": {"value": {"value": null}},
                "note": {"value": {"value": null}},
                "lifetime": {"value": {"selected_option": {"value": "1h"}}},
            }});
            for (name, value) in more.as_object().unwrap() {
                payload[name] = value.clone();
            }
            json!({"type": "interactive", "payload": payload})
        };
        let press = payload("block_actions", &json!({"actions": [{"action_id": "more_room"}]}));
        world.slack().post("/envelope", &press).await;
        eventually("more room", || async {
            let dialog = world.slack().dialogs("U0CHLOE").await.pop()?.to_string();
            let is_french = dialog.contains("Secret, partie 2") && dialog.contains("changez-le");
            is_french.then_some(())
        })
        .await;
        let empty = payload("view_submission", &json!({}));
        let outcome = world.slack().post("/envelope", &empty).await.to_string();
        assert!(outcome.contains("Saisissez le secret ici."), "{outcome}");
        world.finish().await;
    }

    async fn who_asks_for_no_language_that_we_speak_gets_the_default(engine) {
        let variables = vec![("DEFAULT_LANGUAGE", "fr".to_owned())];
        let options = Options { bot: false, web_variables: variables, ..Options::default() };
        let world = World::with(engine, options).await;
        let web = world.web();
        for (accepted, title) in [
            (None, "Pas de secret ici"),
            (Some("de, es;q=0.5"), "Pas de secret ici"),
            (Some("de, en;q=0.5"), "No secret here"),
        ] {
            let mut request = web.http().get(format!("{}/s/x", web.url));
            if let Some(accepted) = accepted {
                request = request.header("accept-language", accepted);
            }
            let page = e2e::Web::send(request).await;
            assert!(page.html.contains(title), "{accepted:?}: {}", page.html);
        }
        world.finish().await;
    }
}
