//! `pictures`: the README's story, told by the real programs: one secret, from the dialog to the
//! receipt. Run it by `cargo xtask pictures`.

// An optimizing build looks at all of a future, which is deeper than the default.
#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a tool; without a picture it fails")]

use std::{fs, path::PathBuf};

use e2e::{Browser, Engine, Launch, World, eventually};
use fantoccini::Locator;

/// As wide as makes its pictures readable at a third of a page.
const SLACK: (u32, u32) = (820, 900);
const PAGE: (u32, u32) = (520, 660);
const PHONE: (u32, u32) = (390, 720);

const SECRET: &str = "Tulip-Otter-42-Lake";
const NOTE: &str = "VPN, for your first day";

#[tokio::main]
async fn main() {
    let world = World::start(Engine::Sqlite).await;
    let slack = browser("en-CA", SLACK).await;
    fill_in_dialog(&slack, &world.slack().url).await;
    take(&slack, "[data-modal]", "1-dialog").await;
    slack.find("[data-submit]").await.click().await.unwrap();
    world.slack().messages("U0ALICE", 1).await;

    be(&slack, "U0BOB").await;
    let button = slack.find("[data-message-ts] a.button").await;
    take(&slack, "[data-message-ts]", "2-message").await;
    let link = button.attr("href").await.unwrap().unwrap();

    let phone = browser("fr-CA", PHONE).await;
    phone.page.goto(&link).await.unwrap();
    phone.find("#reveal").await;
    take(&phone, "body", "page-fr-phone").await;
    phone.close().await;

    let page = browser("en-CA", PAGE).await;
    page.page.goto(&link).await.unwrap();
    page.find("#reveal").await.click().await.unwrap();
    page.find("details summary").await.click().await.unwrap();
    take(&page, "body", "3-page").await;
    page.close().await;

    be(&slack, "U0ALICE").await;
    eventually("the receipt", || async {
        let receipt = slack.find("[data-message-ts]").await.text().await.ok()?;
        receipt.contains("opened").then_some(())
    })
    .await;
    take(&slack, "[data-message-ts]", "4-receipt").await;
    slack.close().await;
    world.discard().await;
}

async fn browser(language: &'static str, (width, height): (u32, u32)) -> Browser {
    let browser = Browser::launch(Launch {
        language,
        ..Launch::default()
    })
    .await;
    browser.emulate(width, height, &[], "").await;
    browser
}

async fn fill_in_dialog(slack: &Browser, url: &str) {
    slack.page.goto(url).await.unwrap();
    let composer = slack.find("#composer").await;
    composer.send_keys("/sendsecret @bob 1h").await.unwrap();
    slack.find("#send").await.click().await.unwrap();
    for (block, text) in [("secret", SECRET), ("note", NOTE)] {
        let field = format!("[data-block-id={block}] textarea");
        slack.find(&field).await.send_keys(text).await.unwrap();
    }
}

/// Whose Slack it is.
async fn be(slack: &Browser, user: &str) {
    let switch = slack.find("#switch-user").await;
    switch.select_by_value(user).await.unwrap();
    slack.find("[data-message-ts]").await;
}

/// A picture of an element.
async fn take(browser: &Browser, css: &str, name: &str) {
    // Nothing blinks in it, and nothing touches its edge.
    let tidy = format!(
        "document.activeElement?.blur(); window.scrollTo(0, 0); const it = document.querySelector('{css}'); \
         if (it.matches('[data-message-ts]')) it.style.padding = '1rem';"
    );
    browser.evaluate(&tidy).await;
    let element = browser.page.find(Locator::Css(css)).await.unwrap();
    let picture = element.screenshot().await.unwrap();
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/screenshots"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}
