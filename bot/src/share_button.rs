//! What the button of a message holds that gives a link: the secret's row, and its share, sealed.
//!
//! A value has at most 2,000 characters. Source:
//! <https://docs.slack.dev/reference/block-kit/block-elements/button-element>.

use secrecy::SecretString;
use shared::domain::ids::SecretId;

/// What stands between both.
const SEPARATOR: char = '.';

/// The value of the button.
pub(crate) fn share_value(secret: SecretId, sealed: &str) -> String {
    format!("{secret}{SEPARATOR}{sealed}")
}

/// The row that a button names, and what else it holds, if anything.
pub(crate) fn read_value(value: &str) -> Option<(SecretId, Option<SecretString>)> {
    let (secret, sealed) = match value.split_once(SEPARATOR) {
        Some((secret, sealed)) => (secret, Some(SecretString::from(sealed))),
        None => (value, None),
    };
    Some((secret.parse().ok()?, sealed))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn what_a_button_holds_comes_back() {
        let secret = SecretId::generate();
        let read = |value: &str| read_value(value).unwrap();
        let (named, sealed) = read(&share_value(secret, "id.sealed=="));
        assert_eq!(named, secret);
        assert_eq!(sealed.unwrap().expose_secret(), "id.sealed==");
        let (named, sealed) = read(&secret.to_string());
        assert!(named == secret && sealed.is_none());
        for odd in ["", ".", "x.y", " ", "01936f0e"] {
            assert!(read_value(odd).is_none(), "{odd}");
        }
    }
}
