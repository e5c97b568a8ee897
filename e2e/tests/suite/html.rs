//! Every page is HTML as its standard has it, so that every browser reads the same in it: the Nu
//! HTML checker finds nothing.

use std::{collections::BTreeSet, fs};

use e2e::{Account, Engine, Keys, Page, Sent, Web, World, nu_findings, project, raw};
use shared::{crypto::LinkToken, domain::clock::Timestamp, text::Locale};

const SECRET: &str = "canary-html\n\n\tspaces  and <b>markup</b> & \"quotes\" 🔑";

/// States that no request brings about here: what the first is of has no cause that is known, and
/// the second is of a database that says nothing for a minute.
const UNREACHABLE: [&str; 2] = ["broken", "unsure"];

/// Pages as they came, each with a name.
#[derive(Default)]
struct Collection {
    pages: Vec<(String, String)>,
    states: BTreeSet<String>,
}

/// Somebody who reads one language.
struct Reader<'a> {
    world: &'a World,
    locale: Locale,
    brand: &'static str,
}

impl Collection {
    /// `name` is for pages without a state.
    fn add(&mut self, reader: &Reader<'_>, name: &str, page: &Page) {
        let lang = format!("lang=\"{}\"", reader.locale.tag());
        assert!(page.html.contains(&lang), "{name}: {}", page.html);
        let state = page.state();
        let name = if state.is_empty() { name } else { state };
        self.states.insert(state.to_owned());
        let name = format!("{name}-{}-{}", reader.brand, reader.locale.tag());
        self.pages.push((name, page.html.clone()));
    }
}

impl Reader<'_> {
    fn web(&self) -> &Web {
        self.world.web()
    }

    async fn get(&self, path: &str) -> Page {
        self.web()
            .get(&format!("{path}?lang={}", self.locale.tag()))
            .await
    }

    async fn look(&self, token: &LinkToken) -> Page {
        self.get(&format!("/s/{}", token.encode().as_str())).await
    }

    async fn press(&self, token: &str, confirmation: &str) -> Page {
        let form = [("token", token), ("confirmation", confirmation)];
        let language = ("lang", self.locale.tag());
        let request = self.web().post().form(&[form[0], form[1], language]);
        Web::send(request.header("accept-language", self.locale.tag())).await
    }

    async fn send(&self) -> Sent {
        let store = self.world.database.store().await;
        self.world.keys.send(&store, SECRET).await
    }

    /// The pages of a secret's life.
    async fn life(&self, into: &mut Collection) {
        let sent = self.send().await;
        let token = sent.token.encode();
        let confirm = self.look(&sent.token).await;
        into.add(self, "confirm", &confirm);
        let hash = sent.token.hash();
        let long_ago = Timestamp::from_millis(0);
        let stale = self.world.keys.master().confirm(&hash, long_ago);
        into.add(self, "confirm-again", &self.press(&token, &stale).await);
        let confirmation = confirm.confirmation().unwrap();
        let revealed = self.press(&token, confirmation).await;
        assert_eq!(revealed.secret().as_deref(), Some(SECRET));
        into.add(self, "revealed", &revealed);
        into.add(self, "", &self.press(&token, confirmation).await);
        into.add(self, "", &self.look(&sent.token).await);
        let store = self.world.database.store().await;
        let (secret, _, share) = self.world.keys.send_with_button(&store, SECRET).await;
        let link = async |press| self.world.keys.link(&store, secret, &share, press).await;
        let first = link("one").await;
        into.add(self, "confirm-issued", &self.look(&first).await);
        link("two").await;
        into.add(self, "", &self.look(&first).await);
        for reason in ["expired", "revoked", "undeliverable"] {
            let sent = self.send().await;
            self.world.end_all(reason).await;
            into.add(self, "", &self.look(&sent.token).await);
        }
        for by in ["operator", "conflict"] {
            let sent = self.send().await;
            self.world.end_all("revoked").await;
            let told = format!("UPDATE secrets SET revoked_by = '{by}' WHERE viewed_at IS NULL");
            let database = &self.world.database;
            database.run(Account::Migrate, &told).await.unwrap();
            into.add(self, "", &self.look(&sent.token).await);
        }
    }

    /// The pages of what goes wrong with requests.
    async fn troubles(&self, into: &mut Collection) {
        let token = self.send().await.token.encode();
        into.add(self, "", &self.get("/s/unknown").await);
        into.add(self, "", &self.get("/reveal").await);
        into.add(self, "", &self.press(&token, "forged").await);
        into.add(self, "", &self.press(&"x".repeat(9999), "").await);
        let language = self.locale.tag();
        let post = || self.web().post().header("accept-language", language);
        into.add(self, "", &Web::send(post().form(&[("other", "")])).await);
        let elsewhere = format!("{}/s/elsewhere", self.web().url);
        let elsewhere = self.web().http().post(elsewhere);
        let elsewhere = elsewhere.header("accept-language", language);
        into.add(self, "", &Web::send(elsewhere).await);
    }

    /// The page for a body that never comes.
    async fn too_slow(&self) -> Page {
        let (_, host) = self.web().public_url.split_once("://").unwrap();
        let head = format!(
            "POST /reveal HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nAccept-Language: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n",
            self.web().public_url,
            self.locale.tag()
        );
        let stream = raw::connect_from("127.0.0.1", &self.web().url).await;
        let answer = raw::exchange(stream, head.as_bytes()).await;
        let (head, html) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
        Page {
            status: 408,
            headers: reqwest::header::HeaderMap::new(),
            html: html.to_owned(),
        }
    }
}

/// Every state that the catalogue has a page's texts for.
fn states() -> BTreeSet<String> {
    let catalogue = fs::read_to_string(project().join("shared/src/text/en.ftl")).unwrap();
    let ids = catalogue.lines().filter_map(|line| line.split_once(" ="));
    let states = ids.filter_map(|(id, _)| id.strip_prefix("state-"));
    // The same state, with another advice.
    let states = states.map(|state| state.trim_end_matches("-lost").to_owned());
    let states: BTreeSet<_> = states.collect();
    assert!(states.len() >= 18, "{states:?}");
    states
}

/// One reveal-web with an operator's brand, and one without.
fn brands() -> [(&'static str, Vec<(&'static str, String)>); 2] {
    let logo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/logo.svg");
    let limit = ("RATE_LIMIT", "100000/1s".to_owned());
    let brand = vec![
        limit.clone(),
        ("BRAND_NAME", "École <Érable> & Cie".to_owned()),
        ("BRAND_LOGO", logo.to_owned()),
        ("BRAND_ACCENT", "#8a1538".to_owned()),
        (
            "SUPPORT_CONTACT",
            "https://help.example/?a=1&b=2".to_owned(),
        ),
        (
            "PRIVACY_URL",
            "https://school.example/privacy?a=1&b=2".to_owned(),
        ),
    ];
    [("brand", brand), ("plain", vec![limit])]
}

/// The pages of bad days: another key, and a limit that is soon reached.
async fn bad_days(world: &mut World, collection: &mut Collection) {
    for locale in Locale::ALL {
        world.webs.clear();
        let variables = [
            ("FERNET_KEYS", Keys::key()),
            ("RATE_LIMIT", "2/60s".to_owned()),
        ];
        world.start_web(&variables).await;
        let reader = Reader {
            world,
            locale,
            brand: "bad-day",
        };
        let sent = reader.send().await;
        let token = sent.token.encode();
        let looked = reader.look(&sent.token).await;
        let confirmation = looked.confirmation().unwrap_or_default().to_owned();
        let unavailable = reader.press(&token, &confirmation).await;
        collection.add(&reader, "", &unavailable);
        collection.add(&reader, "", &reader.look(&sent.token).await);
        let pressed = reader.press(&token, &confirmation).await;
        assert_eq!(pressed.state(), "too-many");
        let name = format!("too-many-press-{}", locale.tag());
        collection.pages.push((name, pressed.html));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nu_checker_finds_nothing_in_any_page() {
    let mut world = World::without_programs(Engine::Sqlite).await;
    world.watch_for("canary-html");
    let mut collection = Collection::default();
    for (brand, variables) in brands() {
        world.webs.clear();
        world.start_web(&variables).await;
        let readers = Locale::ALL.map(|locale| Reader {
            world: &world,
            locale,
            brand,
        });
        let [one, other] = &readers;
        let quick = async {
            for reader in &readers {
                reader.life(&mut collection).await;
                reader.troubles(&mut collection).await;
            }
        };
        let (slow, other_slow, ()) = tokio::join!(one.too_slow(), other.too_slow(), quick);
        collection.add(one, "", &slow);
        collection.add(other, "", &other_slow);
    }
    bad_days(&mut world, &mut collection).await;
    let mut expected = states();
    expected.retain(|state| !UNREACHABLE.contains(&state.as_str()));
    collection.states.remove("");
    assert_eq!(collection.states, expected);
    let findings = nu_findings(&collection.pages).await;
    assert!(findings.is_empty(), "{findings:#?}");
    world.discard().await;
}
