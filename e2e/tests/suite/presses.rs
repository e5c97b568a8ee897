//! Whoever presses the button twice sees the secret. `cargo xtask presses` tries every way on every
//! line; here are a few of each, so that any two meet.

use std::time::Duration;

use e2e::{
    BrowserKind,
    presses::{self, Case, Tried, Way},
};

/// At once; most of them wait most of the time.
const BROWSERS: usize = 14;

fn all_held(tried: &[Tried]) {
    let has_lost = tried.iter().any(|tried| tried.loss.is_some());
    assert!(!has_lost, "\n{}", presses::table(tried));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_pressed_twice_asks_once_and_shows_the_secret() {
    all_held(&Box::pin(presses::run(&presses::pairwise(), BROWSERS, true)).await);
}

/// Without script the style sheet keeps the second of two quick presses off, and lets the first one
/// through: in Firefox a tap gives the focus before it is complete.
#[tokio::test(flavor = "multi_thread")]
async fn quick_taps_and_clicks_without_script_show_the_secret() {
    let mut cases = Vec::new();
    let both = |way| BrowserKind::ALL.map(|browser| (way, browser));
    for (way, browser) in [Way::Mouse, Way::Tap].into_iter().flat_map(both) {
        cases.extend([80, 150, 500].map(|gap| Case {
            way,
            browser,
            gap: Duration::from_millis(gap),
            line: Duration::from_secs(2),
        }));
    }
    all_held(&Box::pin(presses::run(&cases, 4, false)).await);
}
