//! The page with the secret, in a real browser: what is shown and copied is what was sent, and no
//! way leads back to it.

use std::time::Duration;

use e2e::{
    Browser, BrowserKind, Engine, Launch, Options, SlowLine, World, eventually, on_each_engine,
};
use fantoccini::Locator;
use serde_json::json;

fn secrets() -> Vec<String> {
    vec![
        "\n\n  canary-page leading blank lines\n".to_owned(),
        "</pre></details><script>document.title='run'</script><img src=x onerror=alert(1)>"
            .to_owned(),
        "&lt;b&gt; &amp;#13; &nbsp; ${7*7} {{7*7}}".to_owned(),
        "line\r\nends\rof\nall\r\n\r\nkinds\r".to_owned(),
        "bidi \u{202e}txet\u{202c} \u{2067}שלום\u{2069} 🔑👩🏽‍💻 \u{feff}marks\u{200b}\t\u{1b}"
            .to_owned(),
        "é🔑".repeat(6000),
    ]
}

async fn world(engine: Engine) -> World {
    let options = Options {
        bot: false,
        slack: true,
        ..Options::default()
    };
    World::with(engine, options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_and_copied_is_what_was_sent() {
    let mut world = world(Engine::Sqlite).await;
    world.watch_for("canary-page");
    for kind in BrowserKind::ALL {
        let browser = Browser::of(kind, true).await;
        for text in secrets() {
            is_as_it_was_sent(&world, &browser, &text).await;
        }
        browser.close().await;
    }
    world.finish().await;
}

async fn is_as_it_was_sent(world: &World, browser: &Browser, text: &str) {
    world.show_in(browser, text).await;
    let shown = browser
        .evaluate("return document.getElementById('secret').textContent")
        .await;
    assert_eq!(shown.as_str(), Some(text));
    let is_visible = "return document.getElementById('secret').checkVisibility()";
    assert_eq!(
        browser.evaluate(is_visible).await,
        false,
        "hidden until asked for"
    );
    browser.find("#copy").await.click().await.unwrap();
    let copied = browser
        .find("#copied:not(:empty)")
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(copied, "Copied.");
    browser.find("summary").await.click().await.unwrap();
    assert_eq!(browser.evaluate(is_visible).await, true);
    assert_eq!(
        browser.evaluate("return document.title").await,
        "Your secret · Secure Secret"
    );
    let counted = "return [document.scripts.length, document.images.length]";
    assert_eq!(browser.evaluate(counted).await, json!([1, 0]));
    if browser.kind() == BrowserKind::Chromium {
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{complaints:?}");
    }
    assert_eq!(browser.clipboard(&world.slack().url).await, text);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_selects_it_and_print_leaves_it_out_unless_shown() {
    let world = world(Engine::Sqlite).await;
    let browser = Browser::start(true).await;
    world.show_in(&browser, "only this").await;
    let printed = "return document.getElementById('secret').checkVisibility()";
    browser.emulate(1280, 800, &[], "print").await;
    assert_eq!(browser.evaluate(printed).await, false);
    browser.emulate(1280, 800, &[], "screen").await;
    browser.find("summary").await.click().await.unwrap();
    browser.emulate(1280, 800, &[], "print").await;
    assert_eq!(browser.evaluate(printed).await, true);
    let hidden = "return [...document.querySelectorAll('button, summary, .screen')]
        .filter(part => part.checkVisibility()).length";
    assert_eq!(browser.evaluate(hidden).await, 0);
    browser.emulate(1280, 800, &[], "screen").await;
    browser.find("#secret").await.click().await.unwrap();
    let selected = browser.evaluate("return getSelection().toString()").await;
    assert_eq!(selected, "only this");
    browser.close().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_from_the_keyboard() {
    let world = world(Engine::Sqlite).await;
    for kind in BrowserKind::ALL {
        let browser = Browser::of(kind, true).await;
        let sent = world
            .keys
            .send(&world.database.store().await, "typed")
            .await;
        let link = format!("{}/s/{}", world.web().url, sent.token.encode().as_str());
        browser.page.goto(&link).await.unwrap();
        let focused = "return document.activeElement.id || document.activeElement.tagName";
        let (tab, enter) = ("\u{e004}", "\u{e007}");
        for expected in ["A", "reveal"] {
            browser.type_keys(tab).await;
            assert_eq!(browser.evaluate(focused).await, expected);
        }
        browser.type_keys(enter).await;
        browser.find("#secret").await;
        for expected in ["copy", "SUMMARY"] {
            browser.type_keys(tab).await;
            assert_eq!(browser.evaluate(focused).await, expected);
        }
        browser.type_keys(enter).await;
        browser.type_keys(tab).await;
        assert_eq!(browser.evaluate(focused).await, "box");
        browser.close().await;
    }
    world.finish().await;
}

/// The second press must not take the first one's answer away: that was the secret. Without script
/// the style sheet sees to it.
#[tokio::test(flavor = "multi_thread")]
async fn two_quick_presses_without_script_show_the_secret() {
    let mut line = SlowLine::new().await;
    line.delay(Duration::from_millis(500));
    let mut world = World::without_programs(Engine::Sqlite).await;
    world
        .start_web(&[("PUBLIC_BASE_URL", line.url.clone())])
        .await;
    line.lead_to(&world.web().url);
    let browser = Browser::launch(Launch {
        javascript: false,
        impatient: true,
        ..Launch::default()
    })
    .await;
    for finger in [false, true] {
        if finger {
            browser.emulate(390, 844, &[], "screen").await;
            let touch = json!({ "enabled": true, "maxTouchPoints": 1 });
            browser
                .devtools("Emulation.setTouchEmulationEnabled", touch)
                .await;
        }
        // Nobody taps faster than the first of these, and a double click is no slower than the
        // last.
        for gap in [50, 80, 150, 400] {
            let before = line.posts();
            let store = world.database.store().await;
            let sent = world.keys.send(&store, "twice").await;
            let address = format!("{}/s/{}", line.url, sent.token.encode().as_str());
            browser.page.goto(&address).await.unwrap();
            let token = format!("input[value='{}']", sent.token.encode().as_str());
            browser.find(&token).await;
            press_twice(&browser, finger, Duration::from_millis(gap)).await;
            eventually("an answer", || async {
                let title = browser.find("h1").await.text().await.ok()?;
                (title != "A secret for you").then(|| assert_eq!(title, "Your secret"))
            })
            .await;
            assert_eq!(line.posts() - before, 1, "finger: {finger}, {gap} ms");
        }
    }
    browser.close().await;
    world.finish().await;
}

/// Presses the button with the mouse or a finger, and again that much later.
async fn press_twice(browser: &Browser, finger: bool, gap: Duration) {
    let (x, y, width, height) = browser.find("#reveal").await.rectangle().await.unwrap();
    let (x, y) = (x + width / 2.0, y + height / 2.0);
    for press in 1..=2 {
        let (command, events) = if finger {
            let down = json!({ "type": "touchStart", "touchPoints": [{ "x": x, "y": y }] });
            let up = json!({ "type": "touchEnd", "touchPoints": [] });
            ("Input.dispatchTouchEvent", [down, up])
        } else {
            let mouse = |kind: &str| json!({ "type": kind, "button": "left", "clickCount": press, "x": x, "y": y });
            let events = [mouse("mousePressed"), mouse("mouseReleased")];
            ("Input.dispatchMouseEvent", events)
        };
        for event in events {
            browser.devtools(command, event).await;
        }
        if press == 1 {
            tokio::time::sleep(gap).await;
        }
    }
}

on_each_engine! {
    async fn no_way_leads_back_to_it(engine) {
        let world = world(engine).await;
        let both = |kind| [(kind, true), (kind, false)];
        for (kind, javascript) in BrowserKind::ALL.into_iter().flat_map(both) {
            let browser = Browser::of(kind, javascript).await;
            let link = world.show_in(&browser, "canary-gone").await;
            assert!(!browser.page.current_url().await.unwrap().as_str().contains("/s/"));
            if !javascript {
                assert!(!browser.find("#copy").await.is_displayed().await.unwrap());
            }
            let is_gone = async |how: &str, says: &[&str]| {
                eventually(how, || async {
                    let state = browser.page.find(Locator::Css("#state")).await.ok()?;
                    let state = state.attr("data-state").await.ok()?;
                    state.filter(|state| says.contains(&state.as_str()))
                })
                .await;
                let page = browser.page.source().await.unwrap();
                assert!(!page.contains("canary-gone"), "{how}");
            };
            browser.back().await;
            // Browsers may show the page with the button as they kept it: it leads nowhere new.
            if let Ok(button) = browser.page.find(Locator::Css("#reveal")).await {
                eventually("the guard against double clicks is over", || async {
                    button.clone().click().await.ok()
                })
                .await;
            }
            is_gone("Back", &["opened", "repeated"]).await;
            world.show_in(&browser, "canary-gone").await;
            browser.back().await;
            browser.forward().await;
            let page = browser.page.source().await.unwrap();
            assert!(!page.contains("canary-gone"), "Back and Forward");
            world.show_in(&browser, "canary-gone").await;
            browser.reload().await;
            is_gone("Reload", &["repeated"]).await;
            browser.page.goto(&link).await.unwrap();
            is_gone("the link again", &["opened"]).await;
            browser.close().await;
        }
        world.finish().await;
    }
}
