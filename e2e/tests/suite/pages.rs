//! Every page, in both languages, as people see it: no axe finding, no sideways scrolling on a
//! small screen, and a picture of each to look at.

use e2e::{Browser, BrowserKind, Engine, Keys, Launch, Sent, World, eventually};
use shared::{crypto::LinkToken, domain::clock::Timestamp};

const LANGUAGES: [(&str, &str); 2] = [("en", "Français"), ("fr", "English")];

/// Screens that pictures are taken of: name, size, color scheme.
const SCREENS: [(&str, u32, u32, &str); 4] = [
    ("desktop-light", 1280, 800, "light"),
    ("desktop-dark", 1280, 800, "dark"),
    ("phone-light", 390, 844, "light"),
    ("phone-dark", 390, 844, "dark"),
];

const SECRET: &str = "9xQ#4vL!2pTz\nsecond line, with <b>markup</b> & émojis 🔑";

struct Gallery {
    world: World,
    browser: Browser,
    language: &'static str,
}

impl Gallery {
    /// The page that is open: checked, and pictured on every screen.
    async fn check(&self, name: &str, state: Option<&str>) {
        let browser = &self.browser;
        if let Some(state) = state {
            let shown = browser.find("#state").await;
            let shown = shown.attr("data-state").await.unwrap();
            assert_eq!(shown.as_deref(), Some(state), "{name}");
        }
        let language = browser
            .evaluate("return document.documentElement.lang")
            .await;
        assert_eq!(language, self.language, "{name}");
        for (screen, width, height, scheme) in SCREENS {
            let features = [("prefers-color-scheme", scheme)];
            browser.emulate(width, height, &features, "screen").await;
            let picture = format!("pages/{name}-{}-{screen}", self.language);
            browser.screenshot(&picture).await;
            if matches!(screen, "desktop-dark" | "phone-light") {
                let findings = browser.accessibility_findings().await;
                assert!(findings.is_empty(), "{name} {screen}: {findings:#?}");
            }
        }
        // 320 CSS pixels are what is left of 1280 at a zoom of 400 % (WCAG 2.2, 1.4.10).
        for (width, zoom) in [(320, 1), (640, 2)] {
            browser.emulate(width, 640, &[], "screen").await;
            let script = format!(
                "document.documentElement.style.fontSize = '{zoom}00%';
                 const wide = document.documentElement.scrollWidth > innerWidth;
                 document.documentElement.style.fontSize = '';
                 return wide"
            );
            let scrolls = browser.evaluate(&script).await;
            assert_eq!(scrolls, false, "{name} scrolls sideways at {width} px");
        }
    }

    async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.world.web().url);
        let separator = if path.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}lang={}", self.language);
        self.browser.page.goto(&url).await.unwrap();
    }

    async fn open_link(&self, token: &LinkToken) {
        self.open(&format!("/s/{}", token.encode().as_str())).await;
    }

    /// Presses the button after something was done to the form.
    async fn press_after(&self, token: &LinkToken, script: &str) {
        self.open_link(token).await;
        self.browser.evaluate(script).await;
        self.browser.find("#reveal").await.click().await.unwrap();
        self.browser.find("html").await;
    }

    async fn send(&self) -> Sent {
        let store = self.world.database.store().await;
        self.world.keys.send(&store, SECRET).await
    }

    /// A secret whose life is over in one of the ways that need time or another hand.
    async fn send_and_end(&self, reason: &str) -> Sent {
        let sent = self.send().await;
        self.world.end_all(reason).await;
        sent
    }

    async fn secrets(&self) {
        let sent = self.send().await;
        self.open_link(&sent.token).await;
        self.check("confirm", None).await;
        self.opening().await;

        let long_ago = self
            .world
            .keys
            .master()
            .confirm(&sent.token.hash(), Timestamp::from_millis(0));
        let stale = format!("document.getElementsByName('confirmation')[0].value = '{long_ago}'");
        self.press_after(&sent.token, &stale).await;
        self.browser.find(".notice").await;
        self.check("confirm-again", None).await;

        self.browser.find("#reveal").await.click().await.unwrap();
        self.browser.find("#secret").await;
        self.check("revealed-hidden", None).await;
        self.browser.find("summary").await.click().await.unwrap();
        self.check("revealed-shown", None).await;

        self.browser.reload().await;
        self.check("repeated", Some("repeated")).await;
        self.open_link(&sent.token).await;
        self.check("opened", Some("opened")).await;
        for (reason, state) in [
            ("expired", "expired"),
            ("revoked", "revoked"),
            ("undeliverable", "withdrawn"),
        ] {
            let sent = self.send_and_end(reason).await;
            self.open_link(&sent.token).await;
            self.check(state, Some(state)).await;
        }
    }

    /// The button pressed on a line so slow that nothing comes: time runs a thousand times as fast.
    async fn opening(&self) {
        let script = "document.forms[0].onsubmit = () => false;
            window.later = setTimeout;
            window.setTimeout = (what, after, ...more) => later(what, after / 1000 + slower, ...more);";
        for (name, slower) in [("opening", 3_600_000), ("opening-late", 0)] {
            let script = format!("window.slower = {slower}; {script}");
            self.browser.evaluate(&script).await;
            self.browser.find("#reveal").await.click().await.unwrap();
            let says = if slower > 0 { "opening" } else { "late" };
            eventually(name, || async {
                let script = format!(
                    "const said = document.getElementById('opening');
                     return said.textContent === said.dataset.{says}"
                );
                (self.browser.evaluate(&script).await == true).then_some(())
            })
            .await;
            self.browser.evaluate("window.setTimeout = later").await;
            let holds = "return document.getElementById('reveal').ariaDisabled === 'true'";
            assert_eq!(self.browser.evaluate(holds).await, says == "opening");
            self.check(name, None).await;
            // A page that a browser kept, and that is come back to.
            let kept = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";
            self.browser.evaluate(kept).await;
            assert_eq!(self.browser.evaluate(holds).await, false);
            let said = "return document.getElementById('opening').textContent";
            assert_eq!(self.browser.evaluate(said).await, "");
            self.browser.page.refresh().await.unwrap();
        }
    }

    async fn troubles(&self) {
        self.open("/s/unknown").await;
        self.check("unknown", Some("unknown")).await;
        self.open("/reveal").await;
        self.check("not-again", Some("not-again")).await;
        let sent = self.send().await;
        for (state, script) in [
            ("method", "document.forms[0].action = '/s/elsewhere'"),
            (
                "forbidden",
                "document.getElementsByName('confirmation')[0].value = 'forged'",
            ),
            (
                "bad-request",
                "document.getElementsByName('token')[0].name = 'other'",
            ),
            (
                "too-large",
                "document.getElementsByName('token')[0].value = 'x'.repeat(9999)",
            ),
        ] {
            self.press_after(&sent.token, script).await;
            self.check(state, Some(state)).await;
        }
    }
}

async fn gallery(more: &[(&'static str, String)], language: &'static str) -> Gallery {
    let mut world = World::without_programs(Engine::Sqlite).await;
    let mut variables = vec![("RATE_LIMIT", "100000/1s".to_owned())];
    variables.extend_from_slice(more);
    world.start_web(&variables).await;
    world.watch_for("9xQ#4vL!2pTz");
    let browser = Browser::launch(Launch {
        language,
        ..Launch::default()
    })
    .await;
    Gallery {
        world,
        browser,
        language,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_fit_to_be_seen() {
    let logo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/logo.svg");
    let brand = [
        (
            "BRAND_NAME",
            "Centre de services scolaire de l’Érable".to_owned(),
        ),
        ("BRAND_LOGO", logo.to_owned()),
        ("BRAND_ACCENT", "#8a1538".to_owned()),
        ("SUPPORT_CONTACT", "aide@erable.example".to_owned()),
        (
            "PRIVACY_URL",
            "https://erable.example/confidentialite".to_owned(),
        ),
    ];
    for (language, _) in LANGUAGES {
        let gallery = gallery(&brand, language).await;
        gallery.secrets().await;
        gallery.troubles().await;
        gallery.browser.close().await;
        gallery.world.discard().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_without_a_brand_and_those_of_bad_days_too() {
    for (language, _) in LANGUAGES {
        let mut gallery = gallery(&[], language).await;
        let sent = gallery.send().await;
        gallery.open_link(&sent.token).await;
        gallery.check("plain-confirm", None).await;
        gallery.world.webs.clear();
        let other_key = [
            ("FERNET_KEYS", Keys::key()),
            ("RATE_LIMIT", "3/60s".to_owned()),
        ];
        gallery.world.start_web(&other_key).await;
        gallery.open_link(&sent.token).await;
        gallery.browser.find("#reveal").await.click().await.unwrap();
        gallery.check("unavailable", Some("unavailable")).await;
        for _ in 0..2 {
            gallery.open("/").await;
        }
        gallery.check("too-many", Some("too-many")).await;
        gallery.world.webs.clear();
        let limit = ("RATE_LIMIT", "10/60s".to_owned());
        gallery.world.start_web(&[limit]).await;
        gallery.open_link(&sent.token).await;
        let button = gallery.browser.find("#reveal").await;
        eventually("a refusal", || async {
            (gallery.world.web().get("/").await.status == 429).then_some(())
        })
        .await;
        button.click().await.unwrap();
        gallery.check("too-many-presses", Some("too-many")).await;
        gallery.browser.close().await;
        gallery.world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_browsers_until_another_one_is_chosen() {
    let world = World::of_web(Engine::Sqlite).await;
    for kind in BrowserKind::ALL {
        let sent = world.keys.send(&world.database.store().await, SECRET).await;
        let link = format!("{}/s/{}", world.web().url, sent.token.encode().as_str());
        let browser = Browser::launch(Launch {
            kind,
            javascript: false,
            language: "fr-CA,fr,en",
            ..Launch::default()
        })
        .await;
        browser.page.goto(&link).await.unwrap();
        let button = browser.find("#reveal").await.text().await.unwrap();
        assert_eq!(button, "Ouvrir le secret");
        browser.find("nav a[lang=en]").await.click().await.unwrap();
        browser.find("nav a[lang=fr]").await;
        let button = browser.find("#reveal").await.text().await.unwrap();
        assert_eq!(button, "Open the secret");
        browser.find("nav a[lang=fr]").await.click().await.unwrap();
        browser.find("nav a[lang=en]").await;
        browser.find("#reveal").await.click().await.unwrap();
        let title = browser.find("h1").await.text().await.unwrap();
        assert_eq!(
            title, "Votre secret",
            "the page after the button has the language chosen"
        );
        browser.close().await;
    }
    world.finish().await;
}
