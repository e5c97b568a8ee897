//! The page with the secret is not left by accident.

use std::time::Duration;

use e2e::{Browser, BrowserKind, Engine, Launch, SlowLine, World, eventually, free_port};
use fantoccini::Locator;
use serde_json::json;

async fn launch(kind: BrowserKind) -> Browser {
    Browser::launch(Launch {
        kind,
        asks_before_leaving: true,
        // A question would hold up whatever waits for pages to load.
        impatient: true,
        ..Launch::default()
    })
    .await
}

/// Whether the page asks before it is left; it is left then, whatever it asks.
async fn asks(browser: &Browser, way: &str) -> bool {
    let leave = format!("setTimeout(() => {way})");
    let here = browser.page.current_url().await.unwrap();
    browser.evaluate(&leave).await;
    let asked = eventually("a question, or another page", || async {
        if browser.page.get_alert_text().await.is_ok() {
            return Some(true);
        }
        let there = browser.page.current_url().await.ok()?;
        (there != here).then_some(false)
    })
    .await;
    if asked {
        browser.page.dismiss_alert().await.unwrap();
        let kept = browser.find("#secret").await.prop("textContent").await;
        let kept = kept.unwrap();
        assert_eq!(
            kept.as_deref(),
            Some("not yet seen"),
            "whoever stays keeps it"
        );
        browser.evaluate(&leave).await;
        eventually("the question again", || async {
            browser.page.accept_alert().await.ok()
        })
        .await;
        // Whoever goes on before would be asked once more.
        eventually("the other page", || async {
            (browser.page.current_url().await.ok()? != here).then_some(())
        })
        .await;
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_asks_until_the_secret_was_shown_or_copied() {
    let world = World::of_web(Engine::Sqlite).await;
    let elsewhere = format!("location.href = '{}/'", world.web().url);
    for kind in BrowserKind::ALL {
        let browser = launch(kind).await;
        // Browsers let a page ask only once it was touched.
        for (touched, script, should_ask) in [
            ("h1", "", true),
            ("summary", "", false),
            (
                "#copy",
                "navigator.clipboard.writeText = () => Promise.resolve()",
                false,
            ),
            (
                "#copy",
                "navigator.clipboard.writeText = () => Promise.reject()",
                true,
            ),
        ] {
            for way in [elsewhere.as_str(), "history.back()"] {
                world.show_in(&browser, "not yet seen").await;
                browser.evaluate(script).await;
                browser.find(touched).await.click().await.unwrap();
                if touched == "#copy" {
                    browser.find("#copied:not(:empty)").await;
                }
                let asked = asks(&browser, way).await;
                assert_eq!(asked, should_ask, "{kind:?} {touched} {script} {way}");
            }
        }
        browser.close().await;
    }
    world.finish().await;
}

/// A link of the page with the button, a press later, would take the answer away.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_link_works_while_the_secret_opens() {
    let mut line = SlowLine::new().await;
    line.delay(Duration::from_secs(2));
    let mut world = World::without_programs(Engine::Sqlite).await;
    let notice = format!("https://127.0.0.1:{}/notice", free_port());
    world
        .start_web(&[
            ("PUBLIC_BASE_URL", line.url.clone()),
            ("PRIVACY_URL", notice),
        ])
        .await;
    line.lead_to(&world.web().url);
    let browser = Browser::launch(Launch {
        impatient: true,
        ..Launch::default()
    })
    .await;
    for link in ["nav a", "#recorded a"] {
        let sent = world.link_to("not led away").await;
        let (_, path) = sent.split_once("/s/").unwrap();
        browser
            .page
            .goto(&format!("{}/s/{path}", line.url))
            .await
            .unwrap();
        browser.find(&format!("input[value='{path}']")).await;
        // Where they are, before the browser has other things to do.
        let mut places = Vec::new();
        for place in ["#reveal", link] {
            let (x, y, width, height) = browser.find(place).await.rectangle().await.unwrap();
            places.push((x + width.min(20.0) / 2.0, y + height / 2.0));
        }
        for (x, y) in places {
            for kind in ["mousePressed", "mouseReleased"] {
                let event = json!({
                    "type": kind, "button": "left", "clickCount": 1, "x": x, "y": y,
                });
                browser.devtools("Input.dispatchMouseEvent", event).await;
            }
        }
        eventually("the secret", || async {
            let secret = browser.page.find(Locator::Css("#secret")).await.ok()?;
            secret.prop("textContent").await.ok()?
        })
        .await;
    }
    assert_eq!(line.posts(), 2);
    browser.close().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reloads_a_page_that_is_pulled_down() {
    let world = World::of_web(Engine::Sqlite).await;
    let browser = Browser::start(true).await;
    world.show_in(&browser, "x").await;
    let pulls = "return getComputedStyle(document.documentElement).overscrollBehaviorY";
    assert_eq!(browser.evaluate(pulls).await, "none");
    browser.close().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_opens_elsewhere_and_the_secret_stays() {
    let mut world = World::without_programs(Engine::Sqlite).await;
    // Nothing listens there.
    let contact = ("SUPPORT_CONTACT", "https://127.0.0.1:1/help".to_owned());
    world.start_web(&[contact]).await;
    for kind in BrowserKind::ALL {
        let browser = launch(kind).await;
        world.show_in(&browser, "still there").await;
        browser.find("footer a").await.click().await.unwrap();
        eventually("a second window", || async {
            (browser.page.windows().await.ok()?.len() == 2).then_some(())
        })
        .await;
        let shown = browser
            .evaluate("return document.getElementById('secret').textContent")
            .await;
        assert_eq!(shown, "still there");
        browser.close().await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pem_keeps_its_lines_and_a_long_line_is_broken() {
    let world = World::of_web(Engine::Sqlite).await;
    let browser = Browser::start(true).await;
    browser.emulate(360, 640, &[], "screen").await;
    let pem = format!(
        "-----BEGIN KEY-----\n{}\n-----END KEY-----",
        "MIIE".repeat(16)
    );
    // How many lines it takes, and whether there is a way to see their ends.
    let lines = "const secret = document.getElementById('secret'), box = secret.parentElement,
            height = parseFloat(getComputedStyle(secret).lineHeight);
        return [Math.round(secret.clientHeight / height), box.scrollWidth > box.clientWidth,
            document.documentElement.scrollWidth > innerWidth,
            getComputedStyle(secret).fontVariantLigatures]";
    for (secret, expected) in [
        (pem.as_str(), json!([3, true, false, "none"])),
        (&"x".repeat(200), json!([4, true, false, "none"])),
        ("short", json!([1, false, false, "none"])),
    ] {
        world.show_in(&browser, secret).await;
        browser.find("summary").await.click().await.unwrap();
        assert_eq!(browser.evaluate(lines).await, expected, "{secret}");
    }
    browser.close().await;
    world.finish().await;
}
