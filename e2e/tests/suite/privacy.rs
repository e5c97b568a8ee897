//! What is written down of a visitor is what the page says before its button, and the dialog to the
//! sender.

use std::collections::BTreeMap;

use e2e::{Engine, Options, TestDatabase, Web, World, on_each_engine};
use shared::{domain::program::Program, store::rights};

/// What a column holds of a visitor, in the words of the page, English and French.
#[derive(Clone, Copy)]
enum Holds {
    Nothing,
    Time,
    Address,
    Browser,
    /// A hash over both.
    AddressAndBrowser,
}

impl Holds {
    const fn words(self) -> &'static [[&'static str; 2]] {
        const TIME: [&str; 2] = ["time", "heure"];
        const ADDRESS: [&str; 2] = ["network address", "adresse réseau"];
        const BROWSER: [&str; 2] = ["browser", "navigateur"];
        match self {
            Self::Nothing => &[],
            Self::Time => &[TIME],
            Self::Address => &[ADDRESS],
            Self::Browser => &[BROWSER],
            Self::AddressAndBrowser => &[ADDRESS, BROWSER],
        }
    }
}

/// Every column that reveal-web can write when somebody comes by.
const COLUMNS: [(&str, &str, Holds); 27] = [
    ("audit_events", "id", Holds::Nothing),
    ("audit_events", "secret_id", Holds::Nothing),
    ("audit_events", "event", Holds::Nothing),
    ("audit_events", "slot", Holds::Nothing),
    ("audit_events", "occurred_at", Holds::Time),
    ("audit_events", "sender", Holds::Nothing),
    ("audit_events", "recipient", Holds::Nothing),
    ("audit_events", "ip", Holds::Address),
    ("audit_events", "user_agent", Holds::Browser),
    ("audit_events", "metadata", Holds::Nothing),
    ("secrets", "viewed_at", Holds::Time),
    ("secrets", "destroyed_at", Holds::Time),
    ("secrets", "destroy_reason", Holds::Nothing),
    ("secrets", "ciphertext", Holds::Nothing),
    ("secrets", "note_ciphertext", Holds::Nothing),
    ("secrets", "burn_id", Holds::Nothing),
    ("secrets", "confirmed_by", Holds::AddressAndBrowser),
    ("secrets", "reuse_count", Holds::Nothing),
    ("secrets", "reused_at", Holds::Time),
    ("secrets", "repeat_count", Holds::Nothing),
    ("secrets", "repeated_at", Holds::Time),
    ("secrets", "page_lost_at", Holds::Time),
    ("secrets", "revoked_by", Holds::Nothing),
    // Of the program, not of visitors.
    ("key_rings", "program", Holds::Nothing),
    ("key_rings", "ring", Holds::Nothing),
    ("key_rings", "key_ids", Holds::Nothing),
    ("key_rings", "seen_at", Holds::Nothing),
];

async fn columns_of(database: &TestDatabase, table: &str) -> Vec<String> {
    let sql = match database.engine {
        Engine::Sqlite => format!("SELECT GROUP_CONCAT(name) FROM pragma_table_info('{table}')"),
        Engine::MySql => format!(
            "SELECT CAST(GROUP_CONCAT(column_name) AS CHAR) FROM information_schema.columns \
             WHERE table_schema = '{}' AND table_name = '{table}'",
            database.name()
        ),
    };
    let names = database.text(&sql).await;
    names.split(',').map(str::to_owned).collect()
}

/// The line about it, which stands before the button.
async fn line(web: &Web, token: &str, language: &str) -> String {
    let html = web.get(&format!("/s/{token}?lang={language}")).await.html;
    let (before_the_button, _) = html.split_once("<form").unwrap();
    let (_, line) = before_the_button.split_once("id=\"recorded\"").unwrap();
    line.to_owned()
}

on_each_engine! {
    async fn the_page_says_what_is_written_down(engine) {
        let options = Options {
            bot: false,
            web_variables: vec![("PRIVACY_URL", "https://example.org/avis?a=1&b=2".to_owned())],
            ..Options::default()
        };
        let world = World::with(engine, options).await;
        let sent = world.keys.send(&world.database.store().await, "x").await;
        let (web, token) = (world.web(), sent.token.encode());
        let lines = [line(web, &token, "en").await, line(web, &token, "fr").await];
        let notice = "<a href=\"https://example.org/avis?a=1&amp;b=2\">";
        assert!(lines.iter().all(|line| line.contains(notice)), "{lines:?}");

        let known: BTreeMap<_, _> =
            COLUMNS.iter().map(|(table, column, holds)| ((*table, *column), holds)).collect();
        for rights in rights::of(Program::Web) {
            let mut writes: Vec<String> =
                rights.update.names().iter().map(|&name| name.to_owned()).collect();
            if rights.insert {
                writes.extend(columns_of(&world.database, rights.table).await);
            }
            for column in writes {
                let holds = known.get(&(rights.table, column.as_str()));
                assert!(holds.is_some(), "{}.{column}: what of a visitor is in it?", rights.table);
                let holds = holds.unwrap();
                for words in holds.words() {
                    for (line, word) in lines.iter().zip(words) {
                        assert!(line.contains(word), "{column}: the page does not say {word}");
                    }
                }
            }
        }

        assert_eq!(web.reveal(&token).await.status, 200);
        let all = "SELECT COUNT(*) FROM audit_events WHERE event = 'viewed' AND occurred_at > 0 \
                   AND ip = '127.0.0.1' AND user_agent IS NULL";
        assert_eq!(world.database.count(all).await, 1, "no browser said its name");
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dialog_says_it_to_the_sender() {
    let notice = ("PRIVACY_URL", "https://example.org/avis".to_owned());
    let options = Options {
        bot_variables: vec![notice],
        ..Options::default()
    };
    let world = World::with(Engine::Sqlite, options).await;
    let dialog = world
        .slack()
        .open_dialog("U0ALICE", "@bob")
        .await
        .to_string();
    for (_, column, holds) in COLUMNS {
        for [word, _] in holds.words() {
            assert!(
                dialog.contains(word),
                "{column}: the dialog does not say {word}"
            );
        }
    }
    assert!(
        dialog.contains("<https://example.org/avis|Privacy notice>"),
        "{dialog}"
    );
    world.finish().await;
}
