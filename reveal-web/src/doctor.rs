//! `doctor`: checks what reveal-web stands on, and says what to do.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use shared::{
    domain::{base_url::PublicBaseUrl, program::Program},
    operate::{
        doctor::{Finding, Report, database, keys},
        health::ask,
        settings::{OfWeb, SettingFlags},
    },
};
use webpki::{EndEntityCert, KeyUsage};

use crate::{
    connections::Certificate,
    metrics::{self, Refused},
    settings::Settings,
};

const CERTIFICATE: &str = "certificate";
const RATE_LIMIT: &str = "rate limit";

/// Fewer refusals of an hour than this can be one person who reloads a page.
const MANY_REFUSED: u64 = 30;

/// A certificate that ends sooner should have been renewed.
const RENEWED_BEFORE: Duration = Duration::from_hours(24 * 14);

/// Checks, telling each finding as it comes.
pub(crate) async fn run(flags: &SettingFlags<OfWeb>) -> anyhow::Result<()> {
    let (settings, _) = Settings::read(flags)?;
    let mut report = Report::new(io::stdout().lock());
    report.tell(&Finding::good("settings", "complete, and fit together"))?;
    let (findings, database) = database::check(&settings.database, Program::Web).await;
    for finding in findings {
        report.tell(&finding)?;
    }
    if let Some(database) = database {
        let ids: Vec<_> = settings.keys.ids().collect();
        for finding in keys::master(&database, Program::Web, &ids).await {
            report.tell(&finding)?;
        }
    }
    let first = settings.certificate.as_ref().and_then(Certificate::first);
    report.tell(&match first {
        Some(first) => finding(&first, &settings.public_base_url),
        None => Finding::good(CERTIFICATE, "a proxy's business: TLS_CERT is not set"),
    })?;
    report.tell(&refusals(settings.health).await)?;
    Ok(report.finish()??)
}

/// Whether those whom the rate limit refuses have one address. Only the running reveal-web knows.
async fn refusals(health: Option<SocketAddr>) -> Finding {
    let unknown = |why: String, advice: &str| {
        let seen = format!("whether many requests are refused is not known: {why}");
        Finding::skipped(RATE_LIMIT, seen, advice)
    };
    let Some(address) = health else {
        return unknown(
            "only the running reveal-web could tell, and HEALTH_ADDR is not set".to_owned(),
            "set HEALTH_ADDR for it and for this command",
        );
    };
    let Ok(told) = ask::metrics(address).await else {
        return unknown(
            format!("nothing answers on {address}"),
            "start reveal-web with the same HEALTH_ADDR, and run this where it runs",
        );
    };
    match metrics::refused_in(&told) {
        Some(refused) => finding_of_refused(refused),
        None => unknown(
            format!("what answers on {address} is no reveal-web of this version"),
            "give reveal-web a HEALTH_ADDR of its own, and start the new version",
        ),
    }
}

fn finding_of_refused(refused: Refused) -> Finding {
    let Refused { all, of_one } = refused;
    if all == 0 {
        return Finding::good(RATE_LIMIT, "nobody was refused within the last hour");
    }
    let seen = format!(
        "within the last hour {all} requests were refused, {of_one} of them of one address (or one \
         IPv6 site)"
    );
    if all < MANY_REFUSED || of_one * 2 <= all {
        return Finding::good(RATE_LIMIT, seen);
    }
    Finding::warning(
        RATE_LIMIT,
        seen,
        "this is probably a proxy of yours that TRUSTED_PROXIES lacks, or a whole organization \
         behind one address (NAT, a VPN, a gateway): then raise RATE_LIMIT, by two requests for each \
         secret to be opened; otherwise it is one client that asks too often",
    )
}

/// Whether browsers take the certificate for the host of `PUBLIC_BASE_URL`, today and for a while
/// yet. Whom they trust is not known here.
fn finding(certificate: &CertificateDer<'_>, url: &PublicBaseUrl) -> Finding {
    let host = url.host();
    let Ok(certificate) = EndEntityCert::try_from(certificate) else {
        return Finding::bad(
            CERTIFICATE,
            "it is none that browsers understand",
            "get another one; the server's own certificate stands first in TLS_CERT",
        );
    };
    let is_for_host = ServerName::try_from(host)
        .is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok());
    if !is_for_host {
        return Finding::bad(
            CERTIFICATE,
            format!("it is not for {host}, the host of PUBLIC_BASE_URL"),
            "get one whose subject alternative names hold this host, or change PUBLIC_BASE_URL; the \
             server's own certificate stands first in TLS_CERT",
        );
    }
    if !is_good_in(&certificate, Duration::ZERO) {
        return Finding::bad(
            CERTIFICATE,
            format!("it is for {host}, and has ended or not begun"),
            "renew it, or set this machine's clock; the files are read again by themselves",
        );
    }
    if !is_good_in(&certificate, RENEWED_BEFORE) {
        return Finding::warning(
            CERTIFICATE,
            format!("it is for {host}, and ends within two weeks"),
            "renew it, unless that happens by itself; the files are read again by themselves",
        );
    }
    Finding::good(CERTIFICATE, format!("it is for {host}"))
}

/// Whether the certificate is good so much later. Its time is judged before who signed it, and
/// nobody is trusted here.
#[expect(
    clippy::disallowed_methods,
    reason = "certificates are valid by the clock of those who look"
)]
fn is_good_in(certificate: &EndEntityCert<'_>, later: Duration) -> bool {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let verified = certificate.verify_for_usage(
        &[],
        &[],
        &[],
        UnixTime::since_unix_epoch(now + later),
        KeyUsage::server_auth(),
        None,
        None,
    );
    !matches!(
        verified,
        Err(webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. })
    )
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use shared::operate::doctor::Verdict;

    use super::*;

    #[test]
    fn many_refusals_of_one_address_are_told_and_others_are_not() {
        for (all, of_one, expected) in [
            (0, 0, Verdict::Good),
            (29, 29, Verdict::Good),
            (30, 30, Verdict::Warning),
            (1_000, 501, Verdict::Warning),
            (1_000, 500, Verdict::Good),
        ] {
            let verdict = finding_of_refused(Refused { all, of_one }).verdict;
            assert_eq!(verdict, expected, "{all} {of_one}");
        }
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "certificates are valid by the clock of those who look"
    )]
    fn a_certificate_is_for_the_hosts_that_it_names_and_for_a_while() {
        let verdict = |url: &str, days: u64| {
            let names = [
                "secrets.example.org".to_owned(),
                "*.school.example".to_owned(),
            ];
            let mut params = CertificateParams::new(names).unwrap();
            let day = Duration::from_hours(24);
            let begun = SystemTime::now() - 30 * day;
            params.not_before = begun.into();
            params.not_after = (begun + day * u32::try_from(days).unwrap()).into();
            let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            finding(made.der(), &PublicBaseUrl::parse(url).unwrap()).verdict
        };
        for (url, days, expected) in [
            ("https://secrets.example.org", 100, Verdict::Good),
            ("https://secrets.school.example:8443", 100, Verdict::Good),
            ("https://example.org", 100, Verdict::Bad),
            ("https://secrets.example.org", 40, Verdict::Warning),
            ("https://secrets.example.org", 20, Verdict::Bad),
        ] {
            assert_eq!(verdict(url, days), expected, "{url} {days}");
        }
    }
}
