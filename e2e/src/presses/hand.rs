//! Presses as a hand makes them: real events, given to the browser while it waits for an answer.

use std::time::Duration;

use fantoccini::{
    actions::{
        InputSource as _, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
        TouchActions,
    },
    error::CmdError,
};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::case::{Case, Way};
use crate::{Browser, BrowserKind, eventually};

/// How often a held key repeats: 30 times a second, as most systems have it.
const REPEAT: Duration = Duration::from_millis(33);

/// What a finger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Down,
    /// What a held key does by itself.
    Repeat,
    Up,
}

/// A hand over the button.
pub(super) struct Hand<'a> {
    browser: &'a Browser,
    way: Way,
    /// The middle of the button, in CSS pixels of the viewport.
    at: (f64, f64),
    /// Whether the second press waits for the screen: see [`Self::two_frames`].
    sees_frames: bool,
}

impl<'a> Hand<'a> {
    pub(super) fn new(browser: &'a Browser, way: Way, at: (f64, f64), javascript: bool) -> Self {
        Self {
            browser,
            way,
            at,
            sees_frames: way == Way::Tap && !javascript,
        }
    }

    /// Presses twice. How much later than meant the browser had taken the second press, at most.
    pub(super) async fn press(&self, case: &Case) -> Duration {
        let mut begun = Instant::now();
        self.make(Move::Down).await;
        let end = begun + case.way.held();
        while Instant::now() + REPEAT < end {
            sleep_until(Instant::now() + REPEAT).await;
            self.make(Move::Repeat).await;
        }
        self.make(Move::Up).await;
        if self.sees_frames {
            self.two_frames().await;
        }
        if !case.way.held().is_zero() {
            begun = Instant::now();
        }
        let second = begun + case.gap;
        sleep_until(second).await;
        self.make(Move::Down).await;
        let late = second.elapsed();
        self.make(Move::Up).await;
        late
    }

    /// Until two frames are drawn: the guard of pages without script begins with the second one
    /// after a tap, and a machine that is busy with many browsers may draw none for longer than
    /// people need.
    async fn two_frames(&self) {
        let mut last = None;
        for _ in 0..3 {
            let other = eventually("a frame", || async {
                let time = "return document.timeline.currentTime";
                let time = self.browser.page.execute(time, Vec::new()).await.ok()?;
                (Some(&time) != last.as_ref()).then_some(time)
            });
            last = Some(other.await);
        }
    }

    /// A page that is just being replaced takes nothing; then the next one does.
    async fn make(&self, what: Move) {
        eventually("a press", || async {
            let made = match self.browser.kind() {
                BrowserKind::Chromium => self.in_chromium(what).await,
                BrowserKind::Firefox => self.in_firefox(what).await,
            };
            made.ok()
        })
        .await;
    }

    async fn in_chromium(&self, what: Move) -> Result<(), CmdError> {
        let (x, y) = self.at;
        let (command, event) = match self.way {
            Way::Mouse | Way::MouseWithoutFocus => (
                "Input.dispatchMouseEvent",
                json!({
                    "type": if what == Move::Up { "mouseReleased" } else { "mousePressed" },
                    "button": "left", "clickCount": 1, "x": x, "y": y,
                }),
            ),
            Way::Tap if what == Move::Up => (
                "Input.dispatchTouchEvent",
                json!({ "type": "touchEnd", "touchPoints": [] }),
            ),
            Way::Tap => (
                "Input.dispatchTouchEvent",
                json!({ "type": "touchStart", "touchPoints": [{ "x": x, "y": y }] }),
            ),
            Way::Enter | Way::HeldEnter => (
                "Input.dispatchKeyEvent",
                key(what, "Enter", "Enter", 13, "\r"),
            ),
            Way::Space => ("Input.dispatchKeyEvent", key(what, " ", "Space", 32, " ")),
        };
        self.browser.try_devtools(command, event).await.map(drop)
    }

    async fn in_firefox(&self, what: Move) -> Result<(), CmdError> {
        let page = &self.browser.page;
        match self.way {
            Way::Mouse | Way::MouseWithoutFocus => {
                let moves = MouseActions::new("mouse".to_owned());
                let moves = self
                    .pointer(what)
                    .into_iter()
                    .fold(moves, MouseActions::then);
                page.perform_actions(moves).await
            }
            // At one go: a finger that stays down for long, as on a busy machine, makes no click.
            Way::Tap if what == Move::Up => Ok(()),
            Way::Tap => {
                let moves = [self.pointer(Move::Down), self.pointer(Move::Up)].concat();
                let tap = TouchActions::new("finger".to_owned());
                page.perform_actions(moves.into_iter().fold(tap, TouchActions::then))
                    .await
            }
            Way::Enter | Way::HeldEnter => page.perform_actions(stroke(what, '\u{e007}')).await,
            Way::Space => page.perform_actions(stroke(what, ' ')).await,
        }
    }

    fn pointer(&self, what: Move) -> Vec<PointerAction> {
        let (x, y) = self.at;
        let button = MOUSE_BUTTON_LEFT;
        if what == Move::Up {
            return vec![PointerAction::Up { button }];
        }
        let duration = Some(Duration::ZERO);
        let over = PointerAction::MoveTo { duration, x, y };
        vec![over, PointerAction::Down { button }]
    }
}

/// A key's event for Chromium.
/// Source: <https://chromedevtools.github.io/devtools-protocol/tot/Input/#method-dispatchKeyEvent>.
fn key(what: Move, key: &str, code: &str, number: u32, text: &str) -> serde_json::Value {
    let mut event = json!({
        "type": if what == Move::Up { "keyUp" } else { "keyDown" },
        "key": key, "code": code, "windowsVirtualKeyCode": number,
        "autoRepeat": what == Move::Repeat,
    });
    if what != Move::Up {
        event["text"] = text.into();
    }
    event
}

/// A key's event for Firefox, to which a key that is down and goes down again is a held one.
fn stroke(what: Move, value: char) -> KeyActions {
    let keys = KeyActions::new("keyboard".to_owned());
    keys.then(if what == Move::Up {
        KeyAction::Up { value }
    } else {
        KeyAction::Down { value }
    })
}
