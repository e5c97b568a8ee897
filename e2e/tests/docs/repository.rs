//! The files of the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is built, fetched or git's own.
const NOT_OURS: [&str; 3] = ["target", ".git", "node_modules"];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A file's text, by its path from the root.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files in a folder and below whose names end so, as paths from the root.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    visit(&root().join(folder), ending, &mut found);
    found.sort();
    found
}

fn visit(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            if !NOT_OURS.contains(&&*name) {
                visit(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
}
