//! What every link begins with.

use url::{Host, Url};

use super::invalid::Invalid;

/// What every link begins with (`PUBLIC_BASE_URL`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicBaseUrl {
    /// Without a slash at its end.
    base: String,
    origin: String,
}

impl PublicBaseUrl {
    /// Parses an https URL, or an http one of this machine; no user, query or fragment.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let url = parse_web_url(text)?;
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            origin: url.origin().ascii_serialization(),
        })
    }

    /// The host's name or address, without a port.
    #[must_use]
    pub fn host(&self) -> &str {
        let (_, rest) = self.origin.split_once("://").unwrap_or_default();
        let end = rest.rfind(':').filter(|end| !rest[*end..].contains(']'));
        let host = end.map_or(rest, |end| &rest[..end]);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The URL of a path below it; `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Whether a request's `Host` names this host and port. The scheme's own port may be left out.
    #[must_use]
    pub fn is_host(&self, host: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        let scheme = self.origin.split(':').next().unwrap_or_default();
        host.chars().all(plain)
            && Url::parse(&format!("{scheme}://{host}"))
                .is_ok_and(|url| url.origin().ascii_serialization() == self.origin)
    }

    /// Whether pages are reached over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// Scheme, host and port, as browsers write them into `Origin`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// Whether a URL's host is this machine.
#[must_use]
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A URL of a web server, `https` unless it is this machine itself; no user, query or fragment.
pub(crate) fn parse_web_url(text: &str) -> Result<Url, Invalid> {
    let url = Url::parse(text).map_err(|_| Invalid::because("is not a URL"))?;
    if url.host().is_none() || !matches!(url.scheme(), "https" | "http") {
        return Err(Invalid::because("is not an https URL"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(Invalid::because(
            "is http, which is for this machine itself only",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Invalid::because("holds a user name or password"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Invalid::because("holds a query (?) or fragment (#)"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_whatever_its_case_and_usual_port() {
        let url = PublicBaseUrl::parse("https://secrets.example.org").unwrap();
        for host in [
            "secrets.example.org",
            "SECRETS.example.org",
            "secrets.example.org:443",
        ] {
            assert!(url.is_host(host), "{host}");
        }
        for host in [
            "",
            "secrets.example.org:80",
            "example.org",
            "x@secrets.example.org",
            "secrets.example.org/x",
            "secrets.example.org?",
            "secrets.example.org.",
        ] {
            assert!(!url.is_host(host), "{host}");
        }
        let local = PublicBaseUrl::parse("http://127.0.0.1:8080").unwrap();
        assert!(local.is_host("127.0.0.1:8080") && !local.is_host("127.0.0.1"));
    }

    #[test]
    fn links_begin_with_the_public_base_url() {
        for text in ["https://s.example.org", "https://s.example.org/"] {
            let base = PublicBaseUrl::parse(text).unwrap();
            assert_eq!(base.join("/s/x"), "https://s.example.org/s/x");
            assert_eq!(base.origin(), "https://s.example.org");
        }
        for (text, host) in [
            ("https://s.example.org", "s.example.org"),
            ("https://s.example.org:8443/x", "s.example.org"),
            ("http://[::1]:8080", "::1"),
            ("https://[2001:db8::1]", "2001:db8::1"),
        ] {
            assert_eq!(PublicBaseUrl::parse(text).unwrap().host(), host);
        }
        let below = PublicBaseUrl::parse("https://example.org:8443/secrets/").unwrap();
        assert_eq!(below.join("/s/x"), "https://example.org:8443/secrets/s/x");
        assert_eq!(below.origin(), "https://example.org:8443");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for text in [
            "http://localhost:1",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert!(PublicBaseUrl::parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://example.org",
            "http://localhost.example.org",
            "ftp://example.org",
            "https://user@example.org",
            "https://example.org/?a",
            "https://example.org/#a",
            "example.org",
            "",
        ] {
            assert!(PublicBaseUrl::parse(text).is_err(), "{text}");
        }
    }
}
