//! What reveal-web can be told.

use std::{io, net::SocketAddr};

use shared::{
    crypto::MasterKeys,
    domain::{base_url::PublicBaseUrl, invalid::Invalid, program::Program},
    operate::{
        logging::LogSettings,
        settings::{
            Cidrs, OfWeb, RateLimit, Reader, SettingFlags, SettingsError, check,
            definitions::{
                DATABASE_URL, DEFAULT_LANGUAGE, FERNET_KEYS, HEALTH_ADDR, HSTS_INCLUDE_SUBDOMAINS,
                LISTEN_ADDR, PUBLIC_BASE_URL, RATE_LIMIT, REDIRECT_ADDR, TLS_CERT, TLS_KEY,
                TRUSTED_PROXIES,
            },
        },
    },
    store::database_url::DatabaseUrl,
    text::Locale,
};

use crate::{
    brand::Brand,
    connections::{Certificate, TlsFiles},
};

/// The settings, checked.
pub(crate) struct Settings {
    pub(crate) database: DatabaseUrl,
    pub(crate) keys: MasterKeys,
    pub(crate) public_base_url: PublicBaseUrl,
    pub(crate) listen: SocketAddr,
    /// `None` where a proxy in front does TLS, and on loopback.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) redirect: Option<SocketAddr>,
    pub(crate) hsts_includes_subdomains: bool,
    pub(crate) trusted_proxies: Cidrs,
    pub(crate) rate_limit: RateLimit,
    pub(crate) brand: Brand,
    pub(crate) default_language: Locale,
    pub(crate) health: Option<SocketAddr>,
}

impl Settings {
    /// Reads every setting; all mistakes come in one error.
    pub(crate) fn read(flags: &SettingFlags<OfWeb>) -> Result<(Self, LogSettings), SettingsError> {
        let mut reader = Reader::new(Program::Web, flags);
        match Self::read_all(&mut reader) {
            Some(read) => reader.finish().map(|()| read),
            None => Err(reader.into_error()),
        }
    }

    /// Shows every setting on standard output; all mistakes come in one error.
    pub(crate) fn check(flags: &SettingFlags<OfWeb>) -> anyhow::Result<()> {
        let mut reader = Reader::new(Program::Web, flags);
        Self::read_all(&mut reader);
        check::print(&reader, &mut io::stdout().lock())?;
        Ok(reader.finish()?)
    }

    /// `None` when the reader noted a mistake; it is asked for every setting all the same.
    fn read_all(reader: &mut Reader) -> Option<(Self, LogSettings)> {
        let logging = LogSettings::read(reader);
        let database = reader.required(&DATABASE_URL);
        let keys = reader.keys(&FERNET_KEYS);
        let public_base_url = reader.required(&PUBLIC_BASE_URL);
        let listen = reader.required(&LISTEN_ADDR);
        let certificate = certificate(reader);
        let redirect = reader.optional(&REDIRECT_ADDR);
        let hsts_includes_subdomains = reader.required(&HSTS_INCLUDE_SUBDOMAINS);
        let trusted_proxies = reader.optional(&TRUSTED_PROXIES).unwrap_or_default();
        let rate_limit = reader.required(&RATE_LIMIT);
        let brand = Brand::read(reader);
        let default_language = reader.required(&DEFAULT_LANGUAGE);
        let health = reader.optional(&HEALTH_ADDR);
        let transport = Transport {
            public_base_url: public_base_url.as_ref(),
            listen,
            is_encrypted: matches!(certificate, Some(Some(_))),
            redirect,
            trusted_proxies: &trusted_proxies,
        };
        if certificate.is_some() {
            transport.check(reader);
        }
        let read = Self {
            database: database?,
            keys: keys?,
            public_base_url: public_base_url?,
            listen: listen?,
            certificate: certificate?,
            redirect,
            hsts_includes_subdomains: hsts_includes_subdomains?,
            trusted_proxies,
            rate_limit: rate_limit?,
            brand: brand?,
            default_language: default_language?,
            health,
        };
        Some((read, logging?))
    }
}

/// What only shows when settings are taken together.
struct Transport<'a> {
    public_base_url: Option<&'a PublicBaseUrl>,
    listen: Option<SocketAddr>,
    is_encrypted: bool,
    redirect: Option<SocketAddr>,
    trusted_proxies: &'a Cidrs,
}

impl Transport<'_> {
    fn check(&self, reader: &mut Reader) {
        if self.is_encrypted {
            if self.public_base_url.is_some_and(|url| !url.is_https()) {
                let reason = "begins with http:// though TLS_CERT is set";
                reader.reject(&PUBLIC_BASE_URL, &Invalid::because(reason));
            }
            return;
        }
        let is_beyond_this_machine = self.listen.is_some_and(|listen| !listen.ip().is_loopback());
        if is_beyond_this_machine && self.trusted_proxies.is_empty() {
            reader.reject(
                &LISTEN_ADDR,
                &Invalid::because(
                    "would serve unencrypted pages beyond this machine: give TLS_CERT and TLS_KEY, \
                     listen on a loopback address, or name the proxies that terminate TLS in \
                     TRUSTED_PROXIES",
                ),
            );
        }
        if self.redirect.is_some() {
            let reason = "sends browsers to https, which wants TLS_CERT and TLS_KEY";
            reader.reject(&REDIRECT_ADDR, &Invalid::because(reason));
        }
    }
}

/// `None` when the reader noted a mistake.
#[expect(clippy::option_option, reason = "a mistake is not an absence")]
fn certificate(reader: &mut Reader) -> Option<Option<Certificate>> {
    let cert = reader.optional(&TLS_CERT);
    let key = reader.optional(&TLS_KEY);
    let files = match (cert, key) {
        (None, None) => return Some(None),
        (Some(cert), Some(key)) => TlsFiles { cert, key },
        (Some(_), None) => {
            let reason = "is missing, though TLS_CERT is set";
            reader.reject(&TLS_KEY, &Invalid::because(reason));
            return None;
        }
        (None, Some(_)) => {
            let reason = "is missing, though TLS_KEY is set";
            reader.reject(&TLS_CERT, &Invalid::because(reason));
            return None;
        }
    };
    match Certificate::load(files) {
        Ok(certificate) => Some(Some(certificate)),
        Err(error) => {
            let setting = if error.is_about_the_key() {
                &TLS_KEY
            } else {
                &TLS_CERT
            };
            reader.reject(setting, &Invalid::because(error.to_string()));
            None
        }
    }
}
