//! From `/sendsecret` to a link that opens once.

use e2e::{Submission, Web, World, on_each_engine};
use serde_json::Value;

/// Leading and trailing blanks, both line ends, emoji, right-to-left text, markup.
const TYPED: &str =
    "  canary-6f1d9a \r\n\n\t🔑 <b>&amp;</b> `x` \u{202e}abc\u{202c} שלום </pre><script>\n ";

const SCANNERS: [&str; 4] = [
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Microsoft Office Safelinks",
    "facebookexternalhit/1.1",
    "curl/8.0",
];

on_each_engine! {
    async fn a_secret_is_shown_once_byte_for_byte(engine) {
        let mut world = World::start(engine).await;
        let note = "<!channel> *for* the `VPN` <https://evil.example|bank>";
        let submission = Submission { secret: TYPED, note, ..Submission::default() };
        let link = world.alice_sends_bob(submission).await;
        world.watch_for("canary-6f1d9a");
        let token = link.rsplit('/').next().unwrap();

        let message = &world.slack().messages_now("U0BOB").await[0];
        assert!(message["unfurl_links"] == false && message["unfurl_media"] == false);
        let text = message.to_string();
        assert!(text.contains("\u{2068}Alice Tremblay\u{2069} sent you a secret") && text.contains("1 hour"));
        let blocks = message["blocks"].as_array().unwrap();
        let noted = blocks.iter().find(|block| block["text"]["text"] == note).unwrap();
        assert_eq!(noted["text"]["type"], "plain_text");
        let receipt = world.slack().messages_now("U0ALICE").await[0].to_string();
        assert!(receipt.contains("<@U0BOB> has the link") && !receipt.contains(token));

        let row = "SELECT COUNT(*) FROM secrets WHERE viewed_at IS NULL AND destroyed_at IS NULL";
        for agent in SCANNERS {
            let http = world.web().http();
            let get = http.get(&link).header("user-agent", agent);
            assert_eq!(Web::send(get).await.status, 200);
            let head = http.head(&link).header("user-agent", agent);
            assert_eq!(Web::send(head).await.status, 200);
        }
        assert_eq!(world.database.count(row).await, 1, "looking never burns");

        let first = world.web().reveal(token).await;
        assert_eq!((first.status, first.secret().as_deref()), (200, Some(TYPED)));
        assert!(!first.html.contains(token), "the page with the secret holds no link");
        for page in [world.web().reveal(token).await, world.web().look(token).await] {
            assert_eq!((page.status, page.state()), (410, "opened"));
            assert_eq!(page.secret(), None);
        }

        let trail = world.trail().await;
        let events: Vec<_> = trail.iter().map(|entry| &entry["event"]).collect();
        assert_eq!(events[..2], ["created", "viewed"]);
        assert!(events[2..].iter().all(|event| **event == "reused"), "{events:?}");
        let viewed: &Value = &trail[1];
        assert_eq!(viewed["ip"], "127.0.0.1");
        assert_eq!((&viewed["sender"], &viewed["recipient"]), (&"U0ALICE".into(), &"U0BOB".into()));
        let table = world.operator("secure-secret-bot", &["audit", "list"]).await;
        let table = String::from_utf8(table.stdout).unwrap();
        assert!(table.contains("created") && table.contains("viewed") && table.contains("U0BOB"));

        let secret = viewed["secret"].as_str().unwrap();
        assert!(world.logs().matches(secret).count() >= 3, "its life can be followed by its id");
        world.finish().await;
    }
}
