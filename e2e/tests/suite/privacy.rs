//! What is written down of a visitor is what the page says before its button, and the dialog to the
//! sender.

use std::collections::{BTreeMap, BTreeSet};

use e2e::{Engine, Options, Web, World, on_each_engine};
use shared::{
    domain::program::Program,
    store::{Door, doors},
};

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
const COLUMNS: [(&str, &str, Holds); 37] = [
    ("audit_events", "id", Holds::Nothing),
    ("audit_events", "secret_id", Holds::Nothing),
    ("audit_events", "event", Holds::Nothing),
    ("audit_events", "slot", Holds::Nothing),
    ("audit_events", "occurred_at", Holds::Time),
    ("audit_events", "team", Holds::Nothing),
    ("audit_events", "actor", Holds::Nothing),
    ("audit_events", "actor_kind", Holds::Nothing),
    ("audit_events", "outcome", Holds::Nothing),
    ("audit_events", "version", Holds::Nothing),
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
    ("secrets", "reuse_told", Holds::Nothing),
    ("secrets", "reuse_told_at", Holds::Time),
    ("secrets", "repeat_count", Holds::Nothing),
    ("secrets", "repeated_at", Holds::Time),
    ("secrets", "page_lost_at", Holds::Time),
    ("secrets", "revoked_by", Holds::Nothing),
    // Erased, whoever came.
    ("links", "live", Holds::Nothing),
    ("links", "share", Holds::Nothing),
    ("links", "key_id", Holds::Nothing),
    // Of the program, not of visitors.
    ("key_rings", "program", Holds::Nothing),
    ("key_rings", "ring", Holds::Nothing),
    ("key_rings", "key_ids", Holds::Nothing),
    ("key_rings", "seen_at", Holds::Nothing),
];

/// The columns that the doors of reveal-web write, with their tables, by their texts.
fn written() -> BTreeSet<(String, String)> {
    let doors =
        doors::of(Program::Web).chain(doors::ALL.into_iter().filter(|door| door.caller.is_none()));
    let mut written = BTreeSet::new();
    for body in doors.map(Door::body) {
        for insert in body.split("INSERT INTO ").skip(1) {
            let (table, rest) = insert.split_once('(').unwrap();
            let (names, _) = rest.split_once(')').unwrap();
            let table = table.split_whitespace().next().unwrap();
            written.extend(
                names
                    .split(',')
                    .map(|name| (table.to_owned(), name.trim().to_owned())),
            );
        }
        for update in body.split("UPDATE ").skip(1) {
            // The other kind of UPDATE is an INSERT's, whose columns are known from there.
            let Some((table, rest)) = update.split_once(" SET ") else {
                continue;
            };
            let (assignments, _) = rest.split_once("WHERE").unwrap_or((rest, ""));
            for name in assignments
                .split(" = ")
                .filter_map(|part| part.split([',', ' ']).next_back())
            {
                if name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !name.is_empty() {
                    written.insert((table.trim().to_owned(), name.to_owned()));
                }
            }
        }
    }
    written
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
        let written = written();
        assert!(written.len() > 25, "{written:?}");
        for (table, column) in &written {
            let holds = known.get(&(table.as_str(), column.as_str()));
            assert!(holds.is_some(), "{table}.{column}: what of a visitor is in it?");
            let holds = holds.unwrap();
            for words in holds.words() {
                for (line, word) in lines.iter().zip(words) {
                    assert!(line.contains(word), "{column}: the page does not say {word}");
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
