//! The one form there is: the confirm page's.

use poem::{Request, error::ReadBodyError, http::header::CONTENT_TYPE};
use shared::{crypto::LinkToken, text::Locale};
use zeroize::Zeroizing;

/// Most bytes read of a body; the form itself has some 130.
const BODY_LIMIT: usize = 4096;

/// What the button sends.
pub(crate) struct Form {
    pub(crate) token: LinkToken,
    /// Proof that the page was seen, not yet checked.
    pub(crate) confirmation: String,
    /// The language that the page had.
    pub(crate) language: Option<Locale>,
}

/// Why there is no form in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    #[error("the body is no form")]
    WrongType,
    #[error("the body has more than {BODY_LIMIT} bytes")]
    TooLarge,
    #[error("the body ended early")]
    CutShort,
    #[error("the form has not just the fields of the confirm page")]
    Malformed,
    #[error("the field holds no token")]
    NotAToken,
}

/// Reads a request's form.
pub(crate) async fn read(request: &mut Request) -> Result<Form, FormError> {
    if !is_form(request) {
        return Err(FormError::WrongType);
    }
    let body = request.take_body().into_bytes_limit(BODY_LIMIT).await;
    let body = body.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => FormError::TooLarge,
        _ => FormError::CutShort,
    })?;
    parse(&body)
}

fn is_form(request: &Request) -> bool {
    let mut types = request.headers().get_all(CONTENT_TYPE).iter();
    let only = types.next().filter(|_| types.next().is_none());
    only.and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| {
            essence
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// Browsers never encode the characters of these fields, so an encoded one is not from the page.
pub(crate) fn parse(body: &[u8]) -> Result<Form, FormError> {
    let text = std::str::from_utf8(body).map_err(|_| FormError::Malformed)?;
    let text = Zeroizing::new(text.to_owned());
    let (mut token, mut confirmation, mut language) = (None, None, None);
    for field in text.split('&') {
        let (name, value) = field.split_once('=').ok_or(FormError::Malformed)?;
        let known = match name {
            "token" => &mut token,
            "confirmation" => &mut confirmation,
            "lang" => &mut language,
            _ => return Err(FormError::Malformed),
        };
        if known.replace(value).is_some() {
            return Err(FormError::Malformed);
        }
    }
    let token = token.ok_or(FormError::Malformed)?;
    Ok(Form {
        token: LinkToken::parse(token).ok_or(FormError::NotAToken)?,
        confirmation: confirmation.unwrap_or_default().to_owned(),
        language: language.and_then(Locale::from_tag),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn error(body: &str) -> FormError {
        parse(body.as_bytes()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn just_the_fields_of_the_page_are_taken() {
        let form = parse(format!("token={TOKEN}&confirmation=abc&lang=fr").as_bytes()).unwrap();
        assert_eq!(form.token.encode().as_str(), TOKEN);
        assert_eq!(form.confirmation, "abc");
        assert_eq!(form.language, Some(Locale::Fr));
        let bare = parse(format!("token={TOKEN}").as_bytes()).unwrap();
        assert!(bare.confirmation.is_empty() && bare.language.is_none());
        for body in [
            "",
            "x=1",
            "Token=a",
            "confirmation=abc",
            &format!("token={TOKEN}&token={TOKEN}"),
            &format!("token={TOKEN}&x=1"),
            &format!("token={TOKEN}&"),
            "token",
            "&",
        ] {
            assert_eq!(error(body), FormError::Malformed, "{body}");
        }
        for body in [
            "token=",
            "token=abc",
            &format!("token={TOKEN}A"),
            "token=%41",
        ] {
            assert_eq!(error(body), FormError::NotAToken, "{body}");
        }
        assert!(parse(b"token=\xff").is_err());
    }

    #[tokio::test]
    async fn only_a_form_of_bounded_size_is_read() {
        let request =
            |kind: &str, body: String| Request::builder().header(CONTENT_TYPE, kind).body(body);
        let form = "application/x-www-form-urlencoded";
        let good = format!("token={TOKEN}");
        for kind in [form, "Application/X-WWW-form-urlencoded; charset=utf-8"] {
            assert!(read(&mut request(kind, good.clone())).await.is_ok());
        }
        for kind in ["application/json", "multipart/form-data", "text/plain", ""] {
            let outcome = read(&mut request(kind, good.clone())).await;
            assert_eq!(
                outcome.map(|_| ()).unwrap_err(),
                FormError::WrongType,
                "{kind}"
            );
        }
        let large = request(form, "x".repeat(BODY_LIMIT + 1));
        let outcome = read(&mut { large }).await;
        assert_eq!(outcome.map(|_| ()).unwrap_err(), FormError::TooLarge);
    }
}
