//! What of a value may be seen: by operators in `config check`, and by everybody on a command line.

use url::Url;

use super::{Exposure, Setting};
use crate::store::url_hosts::AroundHosts;

const NOT_SHOWN: &str = "set, not shown";

/// A value without what must not be seen.
pub(super) fn masked(setting: &Setting, value: &str) -> String {
    match setting.exposure {
        // A file's content where its path should be.
        Exposure::Public if value.contains("-----BEGIN") => NOT_SHOWN.to_owned(),
        Exposure::Public => printable(value),
        Exposure::Secret => NOT_SHOWN.to_owned(),
        Exposure::MayHoldPassword => without_credentials(value),
    }
}

/// Whether a value holds what a command line would show to every user of the machine.
pub(super) fn holds_credentials(setting: &Setting, value: &str) -> bool {
    setting.exposure == Exposure::MayHoldPassword && without_credentials(value) != printable(value)
}

/// A URL with its password masked, and a proxy's user name too, which is a key to some of them. Of
/// what has an `@` and can't be taken apart nothing is shown.
fn without_credentials(value: &str) -> String {
    if !value.contains('@') {
        return printable(value);
    }
    if let Some(parts) = AroundHosts::of(value).filter(AroundHosts::are_several) {
        let alone = parts.alone().map(|alone| without_credentials(&alone));
        let parts_of = |masked: &str| {
            let AroundHosts { before, behind, .. } = AroundHosts::of(masked)?;
            Some(printable(&format!("{before}{}{behind}", parts.hosts)))
        };
        return alone
            .and_then(|masked| parts_of(&masked))
            .unwrap_or_else(|| NOT_SHOWN.to_owned());
    }
    let with_scheme = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let Ok(mut url) = Url::parse(&with_scheme) else {
        return NOT_SHOWN.to_owned();
    };
    let has_password = url.password().is_some();
    let is_proxy = url.scheme() == "http";
    if !has_password && url.username().is_empty() {
        // The `@` stands where nobody looks for it: in an unfinished password, for example.
        return NOT_SHOWN.to_owned();
    }
    let masked = (!has_password || url.set_password(Some("***")).is_ok())
        && (!is_proxy || url.set_username("***").is_ok());
    if masked {
        printable(url.as_str())
    } else {
        NOT_SHOWN.to_owned()
    }
}

/// On one line, whatever it holds.
fn printable(value: &str) -> String {
    let escaped = value.escape_debug().to_string();
    escaped.replace("\\'", "'").replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::settings::definitions::{
        BRAND_NAME, DATABASE_URL, FERNET_KEYS, HTTPS_PROXY, SUPPORT_CONTACT, TLS_KEY,
    };

    #[test]
    fn nothing_secret_is_shown() {
        for (setting, value, shown) in [
            (
                DATABASE_URL.setting,
                "mysql://bot:canary@db.example.org/secure_secret?ssl-ca=/etc/ca.pem",
                "mysql://bot:***@db.example.org/secure_secret?ssl-ca=/etc/ca.pem",
            ),
            (
                DATABASE_URL.setting,
                "mysql://bot@localhost/x?socket=/run/m.sock",
                "mysql://bot@localhost/x?socket=/run/m.sock",
            ),
            (
                DATABASE_URL.setting,
                "mysql://bot:42/canary@db/x",
                NOT_SHOWN,
            ),
            (DATABASE_URL.setting, "mysql://bot:/canary@db/x", NOT_SHOWN),
            (
                DATABASE_URL.setting,
                "mysql://bot:can,ary@db1:3306,db2,[2001:db8::3]:3307/x?ssl-ca=/etc/ca.pem",
                "mysql://bot:***@db1:3306,db2,[2001:db8::3]:3307/x?ssl-ca=/etc/ca.pem",
            ),
            (
                DATABASE_URL.setting,
                "mysql://bot@db1,db2/x",
                "mysql://bot@db1,db2/x",
            ),
            (
                DATABASE_URL.setting,
                "mysql://bot:3,canary/x@db/x",
                NOT_SHOWN,
            ),
            (
                DATABASE_URL.setting,
                "mysql://bot:ca,canary/x@db/x",
                NOT_SHOWN,
            ),
            (
                DATABASE_URL.setting,
                "sqlite://secure-secret.db?mode=rwc",
                "sqlite://secure-secret.db?mode=rwc",
            ),
            (
                HTTPS_PROXY.setting,
                "me:canary@proxy:3128",
                "http://***:***@proxy:3128/",
            ),
            (
                HTTPS_PROXY.setting,
                "http://canary@proxy:3128",
                "http://***@proxy:3128/",
            ),
            (HTTPS_PROXY.setting, "proxy:3128", "proxy:3128"),
            (HTTPS_PROXY.setting, "http://me:canary@:1", NOT_SHOWN),
            (FERNET_KEYS.setting, "canary", NOT_SHOWN),
            (
                TLS_KEY.setting,
                "-----BEGIN PRIVATE KEY-----\ncanary",
                NOT_SHOWN,
            ),
            (BRAND_NAME.setting, "L'École\n", "L'École\\n"),
        ] {
            assert_eq!(masked(&setting, value), shown);
        }
    }

    #[test]
    fn credentials_are_told_from_addresses() {
        for (setting, value, holds) in [
            (DATABASE_URL.setting, "mysql://bot:p@db/x", true),
            (DATABASE_URL.setting, "mysql://bot:/p@db/x", true),
            (DATABASE_URL.setting, "mysql://bot@db/x", false),
            (DATABASE_URL.setting, "mysql://bot:p@db1,db2/x", true),
            (DATABASE_URL.setting, "mysql://bot@db1,db2:3307/x", false),
            (DATABASE_URL.setting, "sqlite://x.db", false),
            (HTTPS_PROXY.setting, "me:p@proxy:3128", true),
            (HTTPS_PROXY.setting, "key@proxy:3128", true),
            (HTTPS_PROXY.setting, "proxy:3128", false),
            (SUPPORT_CONTACT.setting, "aide@exemple.qc.ca", false),
        ] {
            assert_eq!(holds_credentials(&setting, value), holds, "{value}");
        }
    }
}
