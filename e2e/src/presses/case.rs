//! What is tried: how people press, how fast, on which line, in which browser.

use std::{cmp::Reverse, time::Duration};

use crate::BrowserKind;

/// How somebody presses the button twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Two clicks of a mouse.
    Mouse,
    /// Two clicks where a click gives a button no focus: Firefox on a Mac.
    MouseWithoutFocus,
    /// Two taps of a finger.
    Tap,
    /// The Enter key, twice.
    Enter,
    /// The space bar, twice.
    Space,
    /// The Enter key held for a second, which repeats it, and then once more.
    HeldEnter,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Mouse,
        Self::MouseWithoutFocus,
        Self::Tap,
        Self::Enter,
        Self::Space,
        Self::HeldEnter,
    ];

    /// How long the first press lasts.
    pub(super) const fn held(self) -> Duration {
        match self {
            Self::HeldEnter => Duration::from_secs(1),
            _ => Duration::ZERO,
        }
    }

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mouse => "mouse, twice",
            Self::MouseWithoutFocus => "mouse, twice, no focus",
            Self::Tap => "tap, twice",
            Self::Enter => "Enter, twice",
            Self::Space => "Space, twice",
            Self::HeldEnter => "Enter held for 1 s, and again",
        }
    }
}

/// Milliseconds from one press to the next; after a held one, from its end.
pub const GAPS: [u64; 8] = [50, 80, 150, 500, 1500, 2000, 5000, 10_000];

/// Milliseconds that answers take on the line.
pub const LINES: [u64; 7] = [100, 500, 1000, 2000, 4000, 8000, 12_000];

/// One thing to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// How the button is pressed.
    pub way: Way,
    /// Where.
    pub browser: BrowserKind,
    /// One of [`GAPS`].
    pub gap: Duration,
    /// One of [`LINES`].
    pub line: Duration,
}

impl Case {
    /// About how long it takes: the page comes, then the presses or the answer, whichever is later.
    pub(super) fn length(&self) -> Duration {
        self.line + self.line.max(self.way.held() + self.gap)
    }

    /// Its values, as numbers of their place in each factor.
    fn values(&self) -> [usize; 4] {
        let place = |values: &[u64], value: Duration| {
            let is_it = |known: &u64| Duration::from_millis(*known) == value;
            values.iter().position(is_it).unwrap()
        };
        [
            Way::ALL.iter().position(|way| *way == self.way).unwrap(),
            BrowserKind::ALL
                .iter()
                .position(|kind| *kind == self.browser)
                .unwrap(),
            place(&GAPS, self.gap),
            place(&LINES, self.line),
        ]
    }

    /// Each two of its values: which factors, which values.
    fn pairs(&self) -> Vec<[usize; 4]> {
        let values = self.values();
        let mut pairs = Vec::new();
        for one in 0..values.len() {
            for other in one + 1..values.len() {
                pairs.push([one, values[one], other, values[other]]);
            }
        }
        pairs
    }
}

/// Every case there is.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for way in Way::ALL {
        for browser in BrowserKind::ALL {
            // Chromium can't be told.
            if way == Way::MouseWithoutFocus && browser == BrowserKind::Chromium {
                continue;
            }
            for line in LINES.map(Duration::from_millis) {
                cases.extend(GAPS.map(|gap| Case {
                    way,
                    browser,
                    gap: Duration::from_millis(gap),
                    line,
                }));
            }
        }
    }
    cases
}

/// A few of them, among which every two values of two factors meet that meet at all. Of those that
/// bring as many new pairs it is one of a browser that has few yet, and the shortest of these.
#[must_use]
pub fn pairwise() -> Vec<Case> {
    let all = all();
    let mut open: Vec<_> = all.iter().flat_map(Case::pairs).collect();
    open.sort_unstable();
    open.dedup();
    let mut chosen: Vec<Case> = Vec::new();
    while !open.is_empty() {
        let new = |case: &Case| {
            let is_open = |pair: &[usize; 4]| open.binary_search(pair).is_ok();
            case.pairs().iter().filter(|pair| is_open(pair)).count()
        };
        let like = |case: &Case| {
            let is_like = |other: &&Case| other.browser == case.browser;
            chosen.iter().filter(is_like).count()
        };
        let best = all
            .iter()
            .max_by_key(|case| (new(case), Reverse(like(case)), Reverse(case.length())))
            .unwrap();
        let met = best.pairs();
        open.retain(|pair| !met.contains(pair));
        chosen.push(*best);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_cases_have_every_pair_of_values() {
        let (all, few) = (all(), pairwise());
        assert_eq!(all.len(), 11 * GAPS.len() * LINES.len());
        let met: Vec<_> = few.iter().flat_map(Case::pairs).collect();
        for pair in all.iter().flat_map(Case::pairs) {
            assert!(met.contains(&pair), "{pair:?}");
        }
        // Every gap meets every line, so fewer than these can't do.
        let least = GAPS.len() * LINES.len();
        assert!((least..least + 12).contains(&few.len()), "{}", few.len());
        assert_eq!(few, pairwise(), "the same every time");
    }
}
