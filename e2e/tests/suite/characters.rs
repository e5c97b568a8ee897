//! Characters that devices put in, and those that nobody sees.

use e2e::{Submission, World, on_each_engine};

/// Curly quotes, dashes, an ellipsis, spaces of many kinds, zero-width characters, a byte order
/// mark.
const TYPED: &str = "“p‘a’s”„s‚«w»‹o›–r—d…\u{a0}1\u{202f}2\u{2009}3\u{3000}\u{200b}4\u{200c}5\u{200d}6\u{2060}\
                     7\u{feff}8\u{ad}9\u{200e}\u{2028}\u{202e}0\u{fe0f}\u{e0101}";

const TOLD: &str = "may have put in by itself";

on_each_engine! {
    async fn what_a_device_put_in_comes_through_and_is_told_of(engine) {
        let mut world = World::start(engine).await;
        for (sent, (secret, told)) in [
            (TYPED, true),
            ("p@ss'w\"ord-1 <&> é字🔑👩‍💻\r\n", false),
            ("it’s fine", true),
        ]
        .into_iter()
        .enumerate()
        {
            let link = world.alice_sends_bob(Submission { secret, ..Submission::default() }).await;
            let receipts = world.slack().messages("U0ALICE", sent + 1).await;
            let receipt = receipts.last().unwrap();
            let (text, blocks) = (receipt["text"].to_string(), receipt["blocks"].to_string());
            assert_eq!((text.contains(TOLD), blocks.contains(TOLD)), (told, told), "{receipt}");
            let page = world.web().reveal(link.rsplit('/').next().unwrap()).await;
            assert_eq!(page.secret().as_deref(), Some(secret));
        }
        let flags = "SELECT COUNT(*) FROM deliveries WHERE typographic = 1 AND kind = 'sender_receipt'";
        assert_eq!(world.database.count(flags).await, 2);
        let others = "SELECT COUNT(*) FROM deliveries WHERE typographic <> 0 AND kind <> 'sender_receipt'";
        assert_eq!(world.database.count(others).await, 0);
        world.finish().await;
    }

    async fn what_nobody_sees_is_no_secret(engine) {
        let world = World::start(engine).await;
        for secret in ["\u{200b}", "\u{feff}\u{ad}", "\u{2800}\u{3164}", " \u{fe0f}\n\u{e0041}", "\u{1b}\u{2063}"] {
            let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
            let submission = Submission { secret, ..Submission::default() };
            let outcome = world.slack().submit("U0ALICE", &dialog, &submission).await;
            let said = outcome["errors"]["secret"].as_str().unwrap_or_default();
            assert!(said.contains("nothing here that can be seen"), "{secret:?} {outcome}");
        }
        assert_eq!(world.database.count("SELECT COUNT(*) FROM secrets").await, 0);
        world.finish().await;
    }
}
