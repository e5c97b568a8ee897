//! What the fuzz targets call: the parsers of everything that strangers send.

use std::net::{IpAddr, Ipv4Addr};

use poem::http::{HeaderMap, HeaderValue};
use shared::{crypto::LinkToken, operate::settings::Cidrs, text::Locale};

use crate::{client_address::ClientAddresses, form};

/// A link's token: the one spelling of what is taken is what was sent.
pub fn token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(token) = LinkToken::parse(text) {
        assert_eq!(token.encode().as_str(), text, "another spelling");
    }
}

/// An `Accept-Language` header: a language that is chosen is named in it.
pub fn language(data: &[u8]) {
    let Ok(header) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(locale) = Locale::preferred(header) {
        assert!(header.to_ascii_lowercase().contains(locale.tag()));
    }
}

/// A body of the one form; a token that is taken stands in it as it is.
pub fn form(body: &[u8]) {
    if let Ok(form) = form::parse(body) {
        let token = form.token.encode();
        let found = body
            .windows(token.len())
            .any(|part| part == token.as_bytes());
        assert!(found, "a token that was not sent");
    }
}

/// Lines of `X-Forwarded-For`: what one of our proxies appended decides, whatever stands before it.
pub fn forwarded(data: &[u8]) {
    let proxy = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    let client: IpAddr = Ipv4Addr::new(192, 0, 2, 7).into();
    let Ok(trusted) = Cidrs::parse("10.0.0.0/8") else {
        return;
    };
    let addresses = ClientAddresses::new(trusted);
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append("x-forwarded-for", value);
        }
    }
    assert_eq!(
        addresses.behind(client, &headers),
        client,
        "a stranger is who it is"
    );
    let _: IpAddr = addresses.behind(proxy, &headers);
    headers.append("x-forwarded-for", HeaderValue::from_static("192.0.2.7"));
    assert_eq!(addresses.behind(proxy, &headers), client);
}
