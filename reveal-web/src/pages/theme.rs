//! What every page stands in: the operator's brand, the style, and the policies that allow just
//! that.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use poem::http::HeaderValue;
use sha2::{Digest as _, Sha256};
use shared::text::Locale;

use super::Kind;
use crate::brand::Brand;

/// The style sheet, but for the accent color.
const STYLE: &str = include_str!("style.css");

/// The one script: it copies the secret, and clears the page when it is left.
pub(super) const SCRIPT: &str = include_str!("copy.js");

/// Made once at the start.
pub(crate) struct Theme {
    pub(super) brand: Brand,
    pub(super) style: String,
    confirm: HeaderValue,
    revealed: HeaderValue,
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
        let policy = |script: &str, form_action| {
            let style = hash(&style);
            let policy = format!(
                "default-src 'none'; style-src {style}; script-src {script}; img-src {images}; \
                 object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                 form-action {form_action}; require-trusted-types-for 'script'"
            );
            HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
        };
        Self {
            confirm: policy("'none'", "'self'"),
            revealed: policy(&hash(SCRIPT), "'none'"),
            inert: policy("'none'", "'none'"),
            brand,
            style,
        }
    }

    /// The content security policy of a kind of page: nothing but what stands in the page itself.
    pub(crate) const fn policy(&self, kind: Kind) -> &HeaderValue {
        match kind {
            Kind::Confirm => &self.confirm,
            Kind::Revealed => &self.revealed,
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
    /// Whether the address shows the same page in the other language: not so after a POST.
    pub(crate) can_switch: bool,
}
