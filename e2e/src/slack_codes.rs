//! The bot's own table of Slack's codes.

/// The codes that a method may answer with and that are of a class, those of every method among
/// them.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn codes_of(method: &str, class: &str) -> Vec<&'static str> {
    let table = include_str!("../../bot/src/slack/codes.tsv");
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<Vec<_>> = rows.map(|row| row.split('\t').collect()).collect();
    let own = |code: &str| {
        rows.iter()
            .any(|row| row[0] == method && row.get(1) == Some(&code))
    };
    let mut codes = Vec::new();
    for row in rows.iter().filter(|row| row.len() > 2 && row[2] == class) {
        if row[0] == method || (row[0] == "*" && !own(row[1])) {
            codes.push(row[1]);
        }
    }
    assert!(!codes.is_empty(), "{method} {class}");
    codes
}
