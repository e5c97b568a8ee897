//! `doctor`: checks what reveal-web stands on, and says what to do.

use std::io;

use clap::{ArgMatches, Command};
use rustls::pki_types::{CertificateDer, ServerName};
use shared::{
    doctor::{Finding, Report, database, keys},
    settings::{self, Program, PublicBaseUrl, definitions},
};
use webpki::EndEntityCert;

use crate::{connections::Certificate, settings::Settings};

const CERTIFICATE: &str = "certificate";

/// The subcommand and its flags.
pub(crate) fn command_line() -> Command {
    Command::new("doctor")
        .about(
            "Checks database, keys and certificate; exit code 0 if all is well, 1 if not. Changes \
             nothing. `secure-secret-bot doctor` checks the public address, from where it runs",
        )
        .args(settings::arguments(&definitions::of(Program::Web)))
}

/// Checks, telling each finding as it comes.
pub(crate) async fn run(matches: &ArgMatches) -> anyhow::Result<()> {
    let (settings, _) = Settings::read(matches)?;
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
        Some(first) => names_the_host(&first, &settings.public_base_url),
        None => Finding::good(CERTIFICATE, "a proxy's business: TLS_CERT is not set"),
    })?;
    Ok(report.finish()??)
}

/// Whether browsers take the certificate for the host of `PUBLIC_BASE_URL`. Whom they trust is not
/// known here.
fn names_the_host(certificate: &CertificateDer<'_>, url: &PublicBaseUrl) -> Finding {
    let host = url.host();
    let is_for_host = ServerName::try_from(host)
        .ok()
        .zip(EndEntityCert::try_from(certificate).ok())
        .is_some_and(|(name, certificate)| {
            certificate.verify_is_valid_for_subject_name(&name).is_ok()
        });
    if is_for_host {
        Finding::good(CERTIFICATE, format!("it is for {host}"))
    } else {
        Finding::bad(
            CERTIFICATE,
            format!("it is not for {host}, the host of PUBLIC_BASE_URL"),
            "get one whose subject alternative names hold this host, or change PUBLIC_BASE_URL; the \
             server's own certificate stands first in TLS_CERT",
        )
    }
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;
    use shared::doctor::Verdict;

    use super::*;

    #[test]
    fn a_certificate_is_for_the_hosts_that_it_names() {
        let names = [
            "secrets.example.org".to_owned(),
            "*.school.example".to_owned(),
        ];
        let made = generate_simple_self_signed(names).unwrap();
        for (url, verdict) in [
            ("https://secrets.example.org", Verdict::Good),
            ("https://secrets.school.example:8443", Verdict::Good),
            ("https://example.org", Verdict::Bad),
        ] {
            let url = PublicBaseUrl::parse(url).unwrap();
            assert_eq!(names_the_host(made.cert.der(), &url).verdict, verdict);
        }
    }
}
