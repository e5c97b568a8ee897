//! Parts of documents that are made from the code: held against it, or written anew
//! (`cargo xtask generate`).

use std::{env, fs};

use crate::repository;

const BEGIN: &str = "<!-- generated: cargo xtask generate -->\n";
const END: &str = "<!-- end of what is generated -->\n";

/// The one part of a document that is made from the code is this.
pub fn part(document: &str, made: &str) {
    let text = repository::read(document);
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    whole(document, &format!("{head}{BEGIN}\n{made}\n{END}{tail}"));
}

/// A file that is made from the code is this.
pub fn whole(document: &str, made: &str) {
    let path = repository::root().join(document);
    if env::var_os("WRITE_DOCUMENTS").is_some() {
        fs::write(path, made).unwrap();
    } else {
        assert!(
            fs::read_to_string(path).is_ok_and(|text| text == made),
            "{document} is old: run `cargo xtask generate`"
        );
    }
}

/// A bar would end a cell of a table, and an angle bracket begin a tag.
pub fn in_a_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
