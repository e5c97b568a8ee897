//! Settings that are addresses.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use crate::domain::{base_url::parse_web_url, invalid::Invalid};

/// `SLACK_API_URL`: what the names of Slack's methods are appended to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackApiUrl(Url);

impl SlackApiUrl {
    /// Parses an https URL, or an http one of this machine.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        parse_web_url(text.trim_end_matches('/')).map(Self)
    }

    /// Without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether requests go unencrypted, which is only so on this machine.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }
}

/// `PRIVACY_URL`: the operator's privacy notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivacyUrl(Url);

impl PrivacyUrl {
    /// Most characters, so that it fits into Slack's texts.
    const MAX_CHARS: usize = 500;

    /// Parses an https URL without a user in it: everybody sees it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let url = Url::parse(text).map_err(|_| Invalid::because("is not a URL"))?;
        if url.scheme() != "https" || url.host().is_none() {
            return Err(Invalid::because("is not an https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid::because("holds a user name or password"));
        }
        if url.as_str().chars().count() > Self::MAX_CHARS {
            return Err(Invalid::because(format!(
                "has more than {} characters",
                Self::MAX_CHARS
            )));
        }
        Ok(Self(url))
    }

    /// As browsers write it: ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// `TRUSTED_PROXIES`: the networks of our own proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cidrs(Vec<IpNet>);

impl Cidrs {
    /// Parses addresses and networks separated by commas. A network of everybody is refused.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        text.split(',')
            .enumerate()
            .map(|(index, part)| parse_network(part.trim(), index + 1))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether the address lies in one of the networks.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn parse_network(text: &str, position: usize) -> Result<IpNet, Invalid> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| Invalid::because(format!("entry {position} is no address or network")))?;
    if network.prefix_len() == 0 {
        return Err(Invalid::because(format!(
            "entry {position} trusts everybody"
        )));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_are_taken_but_not_everybody() {
        let proxies = Cidrs::parse("10.0.0.7, 10.1.0.0/16,fd00::/8").unwrap();
        for (address, inside) in [
            ("10.0.0.7", true),
            ("10.0.0.8", false),
            ("10.1.255.1", true),
            ("fd00::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(
                proxies.contains(address.parse().unwrap()),
                inside,
                "{address}"
            );
        }
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy", "10.0.0.1,,"] {
            assert!(Cidrs::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_privacy_notice_is_a_page_that_everybody_may_see() {
        for good in [
            "https://example.org",
            "https://example.org/avis?langue=fr#secrets",
            "https://éducation.example/confidentialité",
        ] {
            let url = PrivacyUrl::parse(good).unwrap();
            assert!(url.as_str().is_ascii(), "{good}");
        }
        for bad in [
            "example.org",
            "http://example.org",
            "mailto:a@example.org",
            "javascript:alert(1)",
            "https://user@example.org",
            "https://:password@example.org",
            &format!("https://example.org/{}", "x".repeat(500)),
        ] {
            assert!(PrivacyUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
