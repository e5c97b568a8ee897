//! Whoever presses the button twice sees the secret. `cargo xtask presses` tries every way on every line;
//! here are a few of each, so that any two meet.

use e2e::presses;

/// At once; most of them wait most of the time.
const BROWSERS: usize = 14;

#[tokio::test(flavor = "multi_thread")]
async fn a_button_pressed_twice_asks_once_and_shows_the_secret() {
    let tried = Box::pin(presses::run(&presses::pairwise(), BROWSERS)).await;
    let has_lost = tried.iter().any(|tried| tried.loss.is_some());
    assert!(!has_lost, "\n{}", presses::table(&tried));
}
