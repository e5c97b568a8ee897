//! The whole path in real browsers.

use e2e::{Browser, BrowserKind, Engine, World, on_each_engine};
use fantoccini::Locator;

async fn send_in_the_page(browser: &Browser, url: &str, secret: &str) {
    browser.page.goto(url).await.unwrap();
    browser
        .find("#composer")
        .await
        .send_keys("/sendsecret @bob 4h")
        .await
        .unwrap();
    browser.find("#send").await.click().await.unwrap();
    browser.find("[data-modal]").await;
    browser.screenshot("slack-dialog").await;
    // Nothing typed yet: the error stands beside its field, and nothing is lost.
    browser.find("[data-submit]").await.click().await.unwrap();
    browser.find("[data-error-for=secret]:not(:empty)").await;
    browser
        .find("[data-block-id=secret] textarea")
        .await
        .send_keys(secret)
        .await
        .unwrap();
    browser
        .find("[data-block-id=note] textarea")
        .await
        .send_keys("for the VPN")
        .await
        .unwrap();
    // A second field for the secret; what stands in the first stays there.
    browser
        .find("[data-modal] .actions button")
        .await
        .click()
        .await
        .unwrap();
    let more = browser.find("[data-block-id=secret_2] textarea").await;
    more.send_keys(MORE).await.unwrap();
    let first = browser.find("[data-block-id=secret] textarea").await;
    assert_eq!(first.prop("value").await.unwrap().as_deref(), Some(secret));
    browser.screenshot("slack-dialog-larger").await;
    browser.find("[data-submit]").await.click().await.unwrap();
}

/// What is typed into the second field.
const MORE: &str = "and some more";

/// The recipient's side, without JavaScript.
async fn bob_opens_it(kind: BrowserKind, link: &str, expected: &str) {
    let plain = Browser::of(kind, false).await;
    plain.page.goto(link).await.unwrap();
    plain.screenshot("confirm").await;
    plain.find("#reveal").await.click().await.unwrap();
    let shown = plain.find("#secret").await;
    assert_eq!(
        shown.prop("textContent").await.unwrap().as_deref(),
        Some(expected)
    );
    let address = plain.page.current_url().await.unwrap();
    assert!(!address.as_str().contains("/s/"), "{address}");
    plain.screenshot("revealed").await;

    // The second visit, and the way back.
    plain.page.goto(link).await.unwrap();
    let state = plain.find("#state").await.attr("data-state").await.unwrap();
    assert_eq!(state.as_deref(), Some("opened"));
    plain.screenshot("opened").await;
    plain.back().await;
    assert!(
        plain.page.find(Locator::Css("#secret")).await.is_err(),
        "Back shows it never again"
    );
    plain.close().await;
}

async fn alice_sends_and_bob_opens_once(engine: Engine, kind: BrowserKind) {
    let mut world = World::start(engine).await;
    let secret = "canary-in-the-browser <b>&amp;";
    world.watch_for("canary-in-the-browser");
    let browser = Browser::of(kind, true).await;
    send_in_the_page(&browser, &world.slack().url, secret).await;
    world.slack().messages("U0ALICE", 1).await;
    let switch = browser.find("#switch-user").await;
    switch.select_by_value("U0BOB").await.unwrap();
    let button = browser.find("[data-message-ts] a.button").await;
    browser.screenshot("slack-message").await;
    let link = button.attr("href").await.unwrap().unwrap();

    bob_opens_it(kind, &link, &format!("{secret}{MORE}")).await;

    // Slack's side: the message leads nowhere any more.
    e2e::eventually("the changed message", || async {
        let message = browser.find("[data-message-ts]").await.text().await.ok()?;
        message.contains("was opened on").then_some(())
    })
    .await;
    assert!(
        browser
            .page
            .find(Locator::Css("[data-message-ts] a"))
            .await
            .is_err()
    );
    browser.find(".faults summary").await.click().await.unwrap();
    browser.screenshot("slack-message-opened").await;
    browser
        .find("#socket-fault button")
        .await
        .click()
        .await
        .unwrap();
    e2e::eventually("the connections were replaced", || async {
        (world.slack().calls("apps.connections.open").await > 2).then_some(())
    })
    .await;
    browser.close().await;
    assert_eq!(world.events().await, ["created", "viewed"]);
    world.finish().await;
}

on_each_engine! {
    async fn in_chromium(engine) {
        alice_sends_and_bob_opens_once(engine, BrowserKind::Chromium).await;
    }

    async fn in_firefox(engine) {
        alice_sends_and_bob_opens_once(engine, BrowserKind::Firefox).await;
    }
}
