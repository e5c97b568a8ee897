//! How wide lines are that nothing formats: comments end at 100 characters, documents at 120.

use crate::repository;

/// Whether a line could be broken at a space somewhere behind what it begins with.
fn could_be_shorter(line: &str, most: usize) -> bool {
    let spaces = line.match_indices(' ').map(|(at, _)| line[..at].chars());
    spaces
        .filter(|before| before.clone().any(char::is_alphabetic))
        .any(|before| before.count() <= most)
}

fn too_wide<'a>(text: &'a str, most: usize, counts: impl FnMut(&&'a str) -> bool) -> Vec<&'a str> {
    let lines = text.lines().filter(counts);
    lines
        .filter(|line| line.chars().count() > most && could_be_shorter(line, most))
        .collect()
}

#[test]
fn comments_end_at_a_hundred_characters() {
    for file in repository::files("", ".rs") {
        let text = repository::read(&file);
        let wide = too_wide(&text, 100, |line| line.trim_start().starts_with("//"));
        assert!(wide.is_empty(), "{}: {wide:#?}", file.display());
    }
}

#[test]
fn documents_end_at_a_hundred_and_twenty() {
    for file in repository::files("", ".md") {
        let mut is_code = false;
        let text = repository::read(&file);
        let wide = too_wide(&text, 120, |line| {
            let is_fence = line.trim_start().starts_with("```");
            is_code ^= is_fence;
            // Tables, code, remarks, and lines that are one command or message.
            let is_whole = ["|", "    ", "<", "- `", "  `"]
                .iter()
                .any(|begin| line.starts_with(begin));
            !is_code && !is_whole
        });
        assert!(wide.is_empty(), "{}: {wide:#?}", file.display());
    }
}
