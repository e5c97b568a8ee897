//! What every page stands in: the operator's brand, the style, and the policies that allow just
//! that.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::http::HeaderValue;
use sha2::{Digest as _, Sha256};
use shared::text::Locale;

use super::Kind;
use crate::brand::Brand;

/// The style sheet, but for the accent color.
const STYLE: &str = include_str!("style.css");

/// Lets one press of the button through: a second request would take the first one's answer, the
/// only copy, out of the browser's hands.
static CONFIRM: LazyLock<String> = LazyLock::new(|| compact(include_str!("confirm.js")));

/// Copies the secret, asks before it is lost unseen, and clears the page when it is left.
static REVEALED: LazyLock<String> = LazyLock::new(|| compact(include_str!("revealed.js")));

/// Leads back to the page with the button once a refused press may be tried again.
static WAIT: LazyLock<String> = LazyLock::new(|| compact(include_str!("wait.js")));

impl Kind {
    /// The script of such a page.
    pub(super) fn script(self) -> Option<&'static str> {
        match self {
            Self::Confirm => Some(&CONFIRM),
            Self::Revealed => Some(&REVEALED),
            Self::Wait => Some(&WAIT),
            Self::Inert => None,
        }
    }
}

/// A script without its indentation and line ends: each of its lines ends in a way that needs none.
fn compact(script: &str) -> String {
    script.lines().map(str::trim_start).collect()
}

/// Made once at the start.
pub(crate) struct Theme {
    pub(super) brand: Brand,
    pub(super) style: String,
    confirm: HeaderValue,
    revealed: HeaderValue,
    wait: HeaderValue,
    inert: HeaderValue,
}

impl Theme {
    pub(crate) fn new(brand: Brand) -> Self {
        let style = format!("{STYLE}{}", brand.accent.css());
        let images = if brand.logo.is_some() {
            "data:"
        } else {
            "'none'"
        };
        let policy = |kind: Kind, form_action| {
            let style = hash(&style);
            let script = kind.script().map_or_else(|| "'none'".to_owned(), hash);
            let policy = format!(
                "default-src 'none'; style-src {style}; script-src {script}; img-src {images}; \
                 object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                 form-action {form_action}; require-trusted-types-for 'script'"
            );
            HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
        };
        Self {
            confirm: policy(Kind::Confirm, "'self'"),
            revealed: policy(Kind::Revealed, "'none'"),
            wait: policy(Kind::Wait, "'none'"),
            inert: policy(Kind::Inert, "'none'"),
            brand,
            style,
        }
    }

    /// The content security policy of a kind of page: nothing but what stands in the page itself.
    pub(crate) const fn policy(&self, kind: Kind) -> &HeaderValue {
        match kind {
            Kind::Confirm => &self.confirm,
            Kind::Revealed => &self.revealed,
            Kind::Wait => &self.wait,
            Kind::Inert => &self.inert,
        }
    }
}

/// A source of the content security policy that allows just this text (CSP Level 3, section 2.3.1).
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// How one page is made.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) theme: &'a Theme,
    pub(crate) locale: Locale,
    /// Whether the address shows the same page again, in another language for example: not so after
    /// a POST.
    pub(crate) is_repeatable: bool,
}
