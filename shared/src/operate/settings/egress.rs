//! Settings of the way out of the firewall.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use url::Url;
use zeroize::Zeroizing;

use crate::domain::invalid::Invalid;

/// `HTTPS_PROXY`: an HTTP proxy that tunnels by CONNECT. Can hold a password: it is not printed.
#[derive(Clone)]
pub struct HttpsProxy(SecretString);

impl HttpsProxy {
    /// Parses `http://[user:password@]host[:port]`; without a scheme it is http, as elsewhere.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = if text.contains("://") {
            Zeroizing::new(text.to_owned())
        } else {
            Zeroizing::new(format!("http://{text}"))
        };
        let url = Url::parse(&text).map_err(|_| Invalid::because("is not a URL"))?;
        if url.scheme() != "http" {
            return Err(Invalid::because(
                "is not an http:// URL; the tunnel through the proxy is encrypted all the same",
            ));
        }
        if url.host().is_none() {
            return Err(Invalid::because("names no host"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(Invalid::because("holds more than a host and a port"));
        }
        Ok(Self(SecretString::from(text.as_str())))
    }

    /// The URL itself.
    #[must_use]
    pub const fn as_secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for HttpsProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpsProxy([redacted])")
    }
}

/// `CA_BUNDLE`: a file of certificates that can be read.
#[derive(Clone, Debug)]
pub struct CaBundle {
    path: PathBuf,
    pem: Vec<u8>,
}

impl CaBundle {
    /// Reads the file.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let path = PathBuf::from(text);
        let pem =
            fs::read(&path).map_err(|error| Invalid::because(format!("can't be read: {error}")))?;
        Ok(Self { path, pem })
    }

    /// Where it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds.
    #[must_use]
    pub fn pem(&self) -> &[u8] {
        &self.pem
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn proxies_are_reached_over_http() {
        for text in [
            "http://proxy.example.org:3128",
            "http://user:p%40ss@10.0.0.1:8080/",
            "proxy.example.org:3128",
            "http://[::1]:3128",
        ] {
            assert!(HttpsProxy::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "https://proxy:3128",
            "socks5://proxy",
            "http://",
            "http://p/x",
            "http://p/?x",
        ] {
            assert!(HttpsProxy::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_proxy_can_not_be_printed() {
        let proxy = HttpsProxy::parse("http://user:canary@proxy:1").unwrap();
        assert_eq!(format!("{proxy:?}"), "HttpsProxy([redacted])");
        assert!(proxy.as_secret().expose_secret().contains("canary"));
    }

    #[test]
    fn a_bundle_that_is_not_there_is_a_mistake() {
        assert!(CaBundle::parse("/nowhere/at/all.pem").is_err());
    }
}
