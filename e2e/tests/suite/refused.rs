//! The page after too many requests, in a browser: it comes right by itself, and opens nothing.

use std::time::Duration;

use e2e::{Browser, BrowserKind, Engine, Options, World, eventually, eventually_within};
use fantoccini::Locator;

/// The window of the limit, the five seconds by chance, and time to load.
const PATIENCE: Duration = Duration::from_mins(1);

async fn world() -> World {
    let options = Options {
        bot: false,
        web_variables: vec![("RATE_LIMIT", "10/15s".to_owned())],
        ..Options::default()
    };
    World::with(Engine::Sqlite, options).await
}

async fn use_up_the_limit(world: &World) {
    eventually("a refusal", || async {
        (world.web().get("/").await.status == 429).then_some(())
    })
    .await;
}

async fn back_at_the_button(browser: &Browser) {
    eventually_within(PATIENCE, "the page with the button", || async {
        browser.page.find(Locator::Css("#reveal")).await.ok()
    })
    .await;
}

async fn state(browser: &Browser) -> String {
    let state = browser.find("#state").await.attr("data-state").await;
    state.unwrap().unwrap_or_default()
}

/// Presses the button of a link's page when the limit is used up; what the page then says of how to
/// go on.
async fn press_too_soon(world: &World, browser: &Browser, link: &str) -> String {
    browser.page.goto(link).await.unwrap();
    let button = browser.find("#reveal").await;
    use_up_the_limit(world).await;
    button.click().await.unwrap();
    assert_eq!(state(browser).await, "too-many");
    browser.find("#next").await.text().await.unwrap()
}

async fn live(world: &World) -> i64 {
    let live = "SELECT COUNT(*) FROM secrets WHERE destroyed_at IS NULL";
    world.database.count(live).await
}

/// How often something was sent to the address that opens secrets.
fn posts(world: &World) -> usize {
    let logs = world.logs();
    let answered = logs.lines().filter(|line| line.contains("\"answered\""));
    answered.filter(|line| line.contains("\"POST\"")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_page_comes_again_by_itself() {
    for javascript in [true, false] {
        let world = world().await;
        let browser = Browser::start(javascript).await;
        let link = world.link_to("still sealed").await;
        use_up_the_limit(&world).await;
        browser.page.goto(&link).await.unwrap();
        assert_eq!(state(&browser).await, "too-many");
        back_at_the_button(&browser).await;
        assert_eq!((live(&world).await, posts(&world)), (1, 0));
        browser.close().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_press_leads_back_and_is_not_repeated() {
    for kind in BrowserKind::ALL {
        let world = world().await;
        let browser = Browser::of(kind, true).await;
        let link = world.link_to("opened by a second press").await;
        let says = press_too_soon(&world, &browser, &link).await;
        assert!(
            says.contains("leads back to the one with the button"),
            "{says}"
        );
        back_at_the_button(&browser).await;
        assert_eq!(browser.page.current_url().await.unwrap().as_str(), link);
        assert_eq!((live(&world).await, posts(&world)), (1, 1), "{kind:?}");
        browser.find("#reveal").await.click().await.unwrap();
        browser.find("#secret").await;
        assert_eq!((live(&world).await, posts(&world)), (0, 2), "{kind:?}");
        browser.close().await;
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_script_a_refused_press_says_when_and_where() {
    let world = world().await;
    let browser = Browser::start(false).await;
    let link = world.link_to("x").await;
    let says = press_too_soon(&world, &browser, &link).await;
    assert!(
        says.contains("go back to the page with the button and press it again"),
        "{says}"
    );
    browser.close().await;
    world.finish().await;
}
