//! Firefox.

use std::path::Path;

use fantoccini::wd::Capabilities;
use serde_json::json;
use tokio::process::Command;

use super::Launch;
use crate::environment::variable;

pub(super) fn driver(port: u16, profiles: &Path) -> Command {
    let mut driver = Command::new(variable("GECKODRIVER"));
    driver
        .args(["--port", &port.to_string()])
        // Else every one of several takes the same.
        .args(["--websocket-port", "0"])
        .arg("--profile-root")
        .arg(profiles);
    driver
}

pub(super) fn capabilities(launch: &Launch) -> Capabilities {
    // What may be pointed with. 1: a finger; 2 and 4: what is precise, and can hover.
    let pointer = if launch.touch { 1 } else { 2 + 4 };
    let options = json!({
        "binary": variable("FIREFOX"),
        "args": ["-headless", "-width", "1280", "-height", "860"],
        "prefs": {
            "intl.accept_languages": launch.language,
            "javascript.enabled": launch.javascript,
            // 0: never, 1: always.
            "accessibility.mouse_focuses_formcontrol": i32::from(launch.clicks_give_focus),
            "ui.primaryPointerCapabilities": pointer,
            "ui.allPointerCapabilities": pointer,
            // So that tests can read the clipboard: headless, nobody answers whether a page may.
            "dom.events.testing.asyncClipboard": true,
        },
    });
    Capabilities::from_iter([("moz:firefoxOptions".to_owned(), options)])
}
