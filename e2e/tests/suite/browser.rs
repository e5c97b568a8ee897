//! The whole path in a real browser.

use e2e::{Browser, World, on_each_engine};
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
    browser.find("[data-submit]").await.click().await.unwrap();
}

on_each_engine! {
    async fn alice_sends_and_bob_opens_once(engine) {
        let mut world = World::start(engine).await;
        let secret = "canary-in-the-browser <b>&amp;";
        world.watch_for("canary-in-the-browser");
        let browser = Browser::start(true).await;
        send_in_the_page(&browser, &world.slack().url, secret).await;
        world.slack().messages("U0ALICE", 1).await;
        let switch = browser.find("#switch-user").await;
        switch.select_by_value("U0BOB").await.unwrap();
        let button = browser.find("[data-message-ts] a.button").await;
        browser.screenshot("slack-message").await;
        let link = button.attr("href").await.unwrap().unwrap();

        // The recipient's side without JavaScript.
        let plain = Browser::start(false).await;
        plain.page.goto(&link).await.unwrap();
        plain.screenshot("confirm").await;
        plain.find("#reveal").await.click().await.unwrap();
        let shown = plain.find("#secret").await;
        assert_eq!(shown.prop("textContent").await.unwrap().as_deref(), Some(secret));
        assert!(!plain.page.current_url().await.unwrap().as_str().contains("/s/"));
        plain.screenshot("revealed").await;

        // The second visit, and the way back.
        plain.page.goto(&link).await.unwrap();
        let state = plain.find("#state").await.attr("data-state").await.unwrap();
        assert_eq!(state.as_deref(), Some("opened"));
        plain.screenshot("opened").await;
        plain.page.back().await.unwrap();
        assert!(plain.page.find(Locator::Css("#secret")).await.is_err(), "Back shows it never again");
        plain.close().await;
        browser.close().await;
        assert_eq!(world.events().await, ["created", "viewed"]);
        world.finish().await;
    }
}
