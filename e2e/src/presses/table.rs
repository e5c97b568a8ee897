//! What came of it, to be read.

use std::{fmt::Write as _, time::Duration};

use super::{
    Tried,
    case::{LINES, Way},
};
use crate::BrowserKind;

/// A table in Markdown: how often the secret was shown for one request, of the gaps that were
/// tried; and how it went where it was not.
#[must_use]
pub fn table(tried: &[Tried]) -> String {
    let mut table = "| pressed |".to_owned();
    for line in LINES {
        write!(table, " line {} |", seconds(Duration::from_millis(line))).unwrap();
    }
    writeln!(table, "\n|---|{}", "---|".repeat(LINES.len())).unwrap();
    for way in Way::ALL {
        for browser in BrowserKind::ALL {
            let row: Vec<_> = tried
                .iter()
                .filter(|tried| tried.case.way == way && tried.case.browser == browser)
                .collect();
            if row.is_empty() {
                continue;
            }
            write!(table, "| {}, {browser:?} |", way.name()).unwrap();
            for line in LINES.map(Duration::from_millis) {
                let cell = row.iter().filter(|tried| tried.case.line == line);
                write!(table, " {} |", self::cell(cell.copied())).unwrap();
            }
            table.push('\n');
        }
    }
    table
}

fn cell<'a>(tried: impl Iterator<Item = &'a Tried>) -> String {
    let (mut all, mut held, mut losses) = (0, 0, String::new());
    for one in tried {
        all += 1;
        match &one.loss {
            None => held += 1,
            Some(loss) => write!(
                losses,
                "; {}: {} POST, {}",
                seconds(one.case.gap),
                loss.posts,
                loss.shown
            )
            .unwrap(),
        }
    }
    if all == 0 {
        return "–".to_owned();
    }
    format!("{held}/{all}{losses}")
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Case, Loss},
        *,
    };

    #[test]
    fn a_loss_is_told_in_its_cell() {
        let tried = |gap, loss| Tried {
            case: Case {
                way: Way::Tap,
                browser: BrowserKind::Firefox,
                gap: Duration::from_millis(gap),
                line: Duration::from_millis(500),
            },
            loss,
            late: Duration::ZERO,
        };
        let loss = Loss {
            posts: 2,
            shown: "opened".to_owned(),
        };
        let table = table(&[tried(50, None), tried(80, Some(loss))]);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 3, "{table}");
        assert_eq!(
            lines[2],
            "| tap, twice, Firefox | – | 1/2; 0.08 s: 2 POST, opened | – | – | – | – | – |"
        );
    }
}
