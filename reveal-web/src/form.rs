//! The one form there is: a single field `token`.

use poem::{Request, error::ReadBodyError, http::header::CONTENT_TYPE};
use shared::crypto::LinkToken;
use zeroize::Zeroizing;

/// Most bytes read of a body; the form itself has 49.
const BODY_LIMIT: usize = 4096;

/// Why there is no token in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    #[error("the body is no form")]
    WrongType,
    #[error("the body has more than {BODY_LIMIT} bytes")]
    TooLarge,
    #[error("the body ended early")]
    CutShort,
    #[error("the form has not just one field named token")]
    Malformed,
    #[error("the field holds no token")]
    NotAToken,
}

/// Reads the token from a request's form.
pub(crate) async fn read_token(request: &mut Request) -> Result<LinkToken, FormError> {
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

/// Browsers never encode the characters of a token, so an encoded one is not from the page.
fn parse(body: &[u8]) -> Result<LinkToken, FormError> {
    let text = std::str::from_utf8(body).map_err(|_| FormError::Malformed)?;
    let text = Zeroizing::new(text.to_owned());
    let mut fields = text.split('&');
    let only = fields.next().filter(|_| fields.next().is_none());
    let value = only
        .and_then(|field| field.strip_prefix("token="))
        .ok_or(FormError::Malformed)?;
    LinkToken::parse(value).ok_or(FormError::NotAToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn error(body: &str) -> FormError {
        parse(body.as_bytes()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn just_one_token_is_taken() {
        assert!(parse(format!("token={TOKEN}").as_bytes()).is_ok());
        for body in [
            "",
            "x=1",
            "Token=a",
            &format!("token={TOKEN}&token={TOKEN}"),
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
            assert!(read_token(&mut request(kind, good.clone())).await.is_ok());
        }
        for kind in ["application/json", "multipart/form-data", "text/plain", ""] {
            let outcome = read_token(&mut request(kind, good.clone())).await;
            assert_eq!(
                outcome.map(|_| ()).unwrap_err(),
                FormError::WrongType,
                "{kind}"
            );
        }
        let large = request(form, "x".repeat(BODY_LIMIT + 1));
        let outcome = read_token(&mut { large }).await;
        assert_eq!(outcome.map(|_| ()).unwrap_err(), FormError::TooLarge);
    }
}
