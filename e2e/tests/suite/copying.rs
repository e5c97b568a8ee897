//! What Copy copies, and what it says, whatever translators and clipboards do.

use e2e::{Browser, BrowserKind, Engine, Options, World, eventually};
use serde_json::json;

async fn world() -> World {
    let options = Options {
        bot: false,
        slack: true,
        ..Options::default()
    };
    World::with(Engine::Sqlite, options).await
}

/// Changes every text of the page, as a translator would.
const TRANSLATE: &str = "
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = 'traduit: ' + texts.currentNode.data;
    return document.getElementById('secret').textContent";

/// The texts of the page that a translator may not touch, and the others.
const BY_TRANSLATE: &str = "
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [[], []];
    while (texts.nextNode()) {
        const by = texts.currentNode.parentElement;
        if (by.translate === !!by.closest('.notranslate')) throw new Error(by.outerHTML);
        found[+by.translate].push(texts.currentNode.data.trim());
    }
    return found";

#[tokio::test(flavor = "multi_thread")]
async fn copy_gives_what_was_sent_whatever_became_of_the_page() {
    let mut world = world().await;
    world.watch_for("canary-translated");
    for kind in BrowserKind::ALL {
        let browser = Browser::of(kind, true).await;
        let secret = "canary-translated house\nkey";
        world.show_in(&browser, secret).await;
        let changed = browser.evaluate(TRANSLATE).await;
        assert!(changed.as_str().unwrap().starts_with("traduit: "));
        browser.find("#copy").await.click().await.unwrap();
        browser.find("#copied:not(:empty)").await;
        assert_eq!(browser.clipboard(&world.slack().url).await, secret);
        browser.close().await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn translators_are_told_what_is_not_theirs() {
    let mut world = World::without_programs(Engine::Sqlite).await;
    let brand = [
        ("BRAND_NAME", "Maple School".to_owned()),
        ("SUPPORT_CONTACT", "help@maple.example".to_owned()),
    ];
    world.start_web(&brand).await;
    let browser = Browser::start(true).await;
    let link = world.link_to("words like any other").await;
    browser.page.goto(&link).await.unwrap();
    let by_translate = browser.evaluate(BY_TRANSLATE).await;
    let kept = json!(["Maple School", "Alice", "Alice", "help@maple.example"]);
    assert_eq!(by_translate[0], kept, "the names, wherever they stand");
    let theirs = by_translate[1].to_string();
    assert!(
        !theirs.contains("Alice") && !theirs.contains("aple"),
        "{theirs}"
    );
    browser.find("#reveal").await.click().await.unwrap();
    browser.find("#secret").await;
    let by_translate = browser.evaluate(BY_TRANSLATE).await;
    assert_eq!(
        by_translate[1],
        json!([]),
        "nothing of the page with the secret"
    );
    let metas = "return ['google', 'format-detection'].map(name =>
        document.querySelector(`meta[name=${name}]`).content)";
    let off = "telephone=no, date=no, address=no, email=no, url=no";
    assert_eq!(browser.evaluate(metas).await, json!(["notranslate", off]));
    browser.close().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_says_how_it_went_whatever_the_clipboard_does() {
    let world = world().await;
    let (done, failed) = ("Copied.", "That didn’t work.");
    for kind in BrowserKind::ALL {
        let browser = Browser::of(kind, true).await;
        world.show_in(&browser, "x").await;
        for (clipboard, says) in [
            ("new Promise(() => {})", [failed].as_slice()),
            ("Promise.reject(new Error('no'))", &[failed]),
            ("{ throw new Error('no') }", &[failed]),
            ("Promise.resolve()", &[done]),
            (
                "new Promise(done => setTimeout(done, 4000))",
                &[failed, done],
            ),
        ] {
            let replace = format!("navigator.clipboard.writeText = () => {clipboard}");
            browser.evaluate(&replace).await;
            browser.find("#copy").await.click().await.unwrap();
            for expected in says {
                eventually(expected, || async {
                    let said = browser.find("#copied").await.text().await.ok()?;
                    said.starts_with(expected).then_some(())
                })
                .await;
            }
        }
        browser.close().await;
    }
    world.finish().await;
}
