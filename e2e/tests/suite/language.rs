//! Everybody is spoken to in their own language.

use e2e::{Options, Submission, World, on_each_engine};

fn texts(messages: &[serde_json::Value]) -> String {
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
        let outcome = world.slack().submit("U0CHLOE", &dialog, &submission).await;
        assert_eq!(outcome["outcome"], "closed", "{outcome}");
        let messages = world.slack().messages("U0BOB", 1).await;
        assert!(texts(&messages).contains("\u{2068}Chloé Gagnon\u{2069} sent you a secret"), "{messages:?}");
        let link = e2e::link_of(&messages[0]);
        let receipt = texts(&world.slack().messages("U0CHLOE", 1).await);
        assert!(receipt.contains("<@U0BOB> a reçu le lien"), "{receipt}");
        assert_eq!(world.web().reveal(link.rsplit('/').next().unwrap()).await.status, 200);
        e2e::eventually("the receipt tells of it", || async {
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
