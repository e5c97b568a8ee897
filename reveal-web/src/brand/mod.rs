//! What operators can make the pages look like.

mod color;
mod logo;

pub(crate) use color::Accent;
pub(crate) use logo::Logo;
use shared::{
    domain::invalid::Invalid,
    operate::settings::{
        PrivacyUrl, Reader,
        definitions::{BRAND_ACCENT, BRAND_LOGO, BRAND_NAME, PRIVACY_URL, SUPPORT_CONTACT},
    },
};

/// Longest name, and longest contact, in characters.
const NAME_CHARS: usize = 60;
const CONTACT_CHARS: usize = 120;

/// The operator's own part of the pages.
#[derive(Clone, Debug)]
pub(crate) struct Brand {
    pub(crate) name: Option<String>,
    pub(crate) logo: Option<Logo>,
    pub(crate) accent: Accent,
    pub(crate) support: Option<Contact>,
    pub(crate) privacy: Option<PrivacyUrl>,
}

impl Brand {
    /// `None` when the reader noted a mistake.
    pub(crate) fn read(reader: &mut Reader) -> Option<Self> {
        let name = reader.optional_as(&BRAND_NAME, |text| one_line(text, NAME_CHARS));
        let logo = reader.optional_as(&BRAND_LOGO, Logo::read);
        let accent = reader.required_as(&BRAND_ACCENT, Accent::parse);
        let support = reader.optional_as(&SUPPORT_CONTACT, Contact::parse);
        let privacy = reader.optional(&PRIVACY_URL);
        Some(Self {
            name,
            logo,
            accent: accent?,
            support,
            privacy,
        })
    }
}

/// Whom people ask for help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    /// As people read it.
    pub(crate) text: String,
    /// Where it leads: `mailto:` or `https:`, nothing else.
    pub(crate) link: Option<String>,
}

impl Contact {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let text = one_line(text, CONTACT_CHARS)?;
        let link = if text.starts_with("https://") {
            Some(text.clone())
        } else if is_email(&text) {
            Some(format!("mailto:{text}"))
        } else {
            None
        };
        Ok(Self { text, link })
    }
}

/// Enough to tell an address from other text; whether mail arrives there nobody can tell.
fn is_email(text: &str) -> bool {
    let plain = |part: &str| {
        let mut characters = part.chars();
        !part.is_empty() && characters.all(|c| c.is_ascii_alphanumeric() || ".-_+".contains(c))
    };
    text.split_once('@')
        .is_some_and(|(user, domain)| plain(user) && plain(domain) && domain.contains('.'))
}

fn one_line(text: &str, most: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Invalid::because("is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::because("is more than one line of text"));
    }
    if text.chars().count() > most {
        return Err(Invalid::because(format!("has more than {most} characters")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_leads_to_mail_or_https_or_nowhere() {
        let link = |text| Contact::parse(text).unwrap().link;
        assert_eq!(
            link("aide@exemple.qc.ca").as_deref(),
            Some("mailto:aide@exemple.qc.ca")
        );
        assert_eq!(
            link("https://aide.exemple.qc.ca/ticket").as_deref(),
            Some("https://aide.exemple.qc.ca/ticket")
        );
        for text in [
            "poste 4321",
            "javascript:alert(1)",
            "http://x",
            "a@b",
            "x@y.z?cc=w@v.u",
        ] {
            assert_eq!(link(text), None, "{text}");
        }
        for text in ["", " ", "a\nb", &"x".repeat(121)] {
            assert!(Contact::parse(text).is_err(), "{text}");
        }
    }
}
