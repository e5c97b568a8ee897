//! Checks of `PUBLIC_BASE_URL`: that reveal-web answers there, with a certificate that browsers
//! take, for a while yet.

use std::time::Duration;

use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use shared::{
    domain::{base_url::PublicBaseUrl, certificate::CertificateFault},
    operate::doctor::Finding,
};
use tokio::time::timeout;

use crate::egress::{Egress, Failure};

const CHECK: &str = "public address";
const CERTIFICATE: &str = "certificate";

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A certificate that ends sooner should have been renewed.
const RENEWED_BEFORE: Duration = Duration::from_hours(24 * 14);

/// Asks reveal-web for the page that it has for unknown addresses.
pub(super) async fn check(url: &PublicBaseUrl, egress: &Egress) -> Vec<Finding> {
    let mut findings = vec![match ask(url, egress).await {
        Ok(answer) => finding(url, &answer),
        Err(failure) => return vec![unreachable(url, failure)],
    }];
    if url.is_https() {
        findings.push(match ask(url, &egress.at(RENEWED_BEFORE)).await {
            Ok(_) => Finding::good(CERTIFICATE, "trusted, and good for two more weeks at least"),
            Err(Failure::Untrusted(CertificateFault::Time)) => Finding::warning(
                CERTIFICATE,
                "trusted, but it ends within two weeks",
                "renew it, unless it is one that is renewed by itself every few days",
            ),
            Err(failure) => Finding::skipped(
                CERTIFICATE,
                format!("how long it is good for could not be asked: {failure}"),
                "run this again",
            ),
        });
    }
    findings
}

async fn ask(url: &PublicBaseUrl, egress: &Egress) -> Result<Response<Incoming>, Failure> {
    let client = Client::builder(TokioExecutor::new()).build(egress.https(!url.is_https()));
    let uri: Uri = url.join("/").parse().map_err(|_| Failure::Other)?;
    let request = Request::get(uri)
        .body(Empty::<&[u8]>::new())
        .map_err(|_| Failure::Other)?;
    match timeout(PATIENCE, client.request(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Failure::of(&error)),
        Err(_) => Err(Failure::NoAnswer),
    }
}

/// Reveal-web knows no page at the root, and says so under a policy that few others have.
fn finding(url: &PublicBaseUrl, answer: &Response<Incoming>) -> Finding {
    let policy = answer.headers().get(header::CONTENT_SECURITY_POLICY);
    let policy = policy.and_then(|policy| policy.to_str().ok());
    let is_ours = answer.status() == StatusCode::NOT_FOUND
        && policy.is_some_and(|policy| policy.starts_with("default-src 'none'"));
    let origin = url.origin();
    if is_ours {
        return Finding::good(CHECK, format!("reveal-web answers at {origin}"));
    }
    let status = answer.status().as_u16();
    Finding::bad(
        CHECK,
        format!("what answers at {origin} is not reveal-web (HTTP status {status})"),
        "see that the name leads to reveal-web or its proxy, that the proxy reaches reveal-web and \
         passes on Host, and that reveal-web has the same PUBLIC_BASE_URL",
    )
}

fn unreachable(url: &PublicBaseUrl, failure: Failure) -> Finding {
    let origin = url.origin();
    let advice = if matches!(failure, Failure::Untrusted(_)) {
        "give reveal-web, or the proxy before it, a certificate for this name that is good today, with \
         its whole chain; one of your own authority is checked here when CA_BUNDLE names that"
    } else {
        "see that reveal-web or its proxy runs, that the name leads there and that a firewall lets \
         this machine through; where HTTPS_PROXY must not be asked for it, name the host in NO_PROXY"
    };
    Finding::bad(CHECK, format!("{origin}: {failure}"), advice)
}
