//! The logo, inside the page: no page asks for a second file.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use shared::domain::invalid::Invalid;

/// Largest file, so that a whole page stays small.
const MOST_BYTES: usize = 6144;

/// A picture as a `data:` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logo(String);

impl Logo {
    /// Reads a file.
    pub(super) fn read(path: &str) -> Result<Self, Invalid> {
        let bytes =
            fs::read(path).map_err(|error| Invalid::because(format!("can't be read: {error}")))?;
        Self::from_bytes(&bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.len() > MOST_BYTES {
            return Err(Invalid::because(format!(
                "is a file of {} bytes; {MOST_BYTES} fit",
                bytes.len()
            )));
        }
        let media_type = media_type(bytes)
            .ok_or_else(|| Invalid::because("is no PNG, JPEG, WebP or SVG file"))?;
        let encoded = STANDARD.encode(bytes);
        Ok(Self(format!("data:{media_type};base64,{encoded}")))
    }

    /// The address.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// By the first bytes, as browsers do (WHATWG MIME Sniffing). In an `<img>` an SVG runs no script
/// and loads nothing.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => {
            let text = std::str::from_utf8(bytes).ok()?.trim_start();
            let is_svg = text.starts_with("<svg")
                || (text.starts_with("<?xml") || text.starts_with("<!--")) && text.contains("<svg");
            is_svg.then_some("image/svg+xml")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        for (bytes, kind) in [
            (&b"\x89PNG\r\n\x1a\n..."[..], "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"RIFF....WEBPVP8 ", "image/webp"),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                "image/svg+xml",
            ),
            (b"<?xml version='1.0'?>\n<svg/>", "image/svg+xml"),
        ] {
            let logo = Logo::from_bytes(bytes).unwrap();
            assert!(logo.as_str().starts_with(&format!("data:{kind};base64,")));
        }
        for bytes in [&b""[..], b"<html><svg>", b"GIF89a", &[b' '; MOST_BYTES + 1]] {
            assert!(Logo::from_bytes(bytes).is_err());
        }
        assert!(Logo::read("/nowhere/at/all.png").is_err());
    }
}
