//! The Nu HTML checker: whether pages are what the HTML standard says.

use std::{fs, path::Path, process::Stdio};

use tokio::process::Command;

use crate::environment::variable;

/// A page that is wrong: who doesn't find that has looked at nothing.
const WRONG: &str = "<!DOCTYPE html><html lang=en><title>wrong</title><p id=a id=b>";

/// What the checker finds in pages, each with a name of its own; its warnings and hints too.
///
/// The pages are kept nowhere: they may hold secrets.
pub async fn findings(pages: &[(String, String)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, html: &str| {
        fs::write(folder.path().join(format!("{name}.html")), html).unwrap();
    };
    for (name, html) in pages {
        write(name, html);
    }
    let written = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(written, pages.len(), "two pages have the same name");
    write("wrong", WRONG);
    let found = check(folder.path()).await;
    let (wrong, found): (Vec<_>, Vec<_>) = found
        .lines()
        .map(str::to_owned)
        .partition(|line| line.contains("/wrong.html\""));
    assert!(
        !wrong.is_empty(),
        "the checker found nothing wrong with {WRONG}"
    );
    found
}

async fn check(folder: &Path) -> String {
    let output = Command::new(variable("JAVA"))
        .arg("-jar")
        .arg(variable("NU_CHECKER"))
        .args(["--stdout", "--format", "gnu"])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.is_empty(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}
