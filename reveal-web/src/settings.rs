//! What reveal-web can be told.

use std::net::SocketAddr;

use clap::{ArgMatches, Command};
use secrecy::SecretString;
use shared::{
    crypto::MasterKeys,
    logging::LogSettings,
    settings::{
        self, Cidrs, DatabaseUrl, Invalid, PublicBaseUrl, RateLimit, Reader, Setting,
        SettingsError,
        definitions::{
            DATABASE_URL, FERNET_KEYS, LISTEN_ADDR, LOG_FORMAT, PUBLIC_BASE_URL, RATE_LIMIT,
            RUST_LOG, TRUSTED_PROXIES,
        },
    },
};

const ALL: [Setting; 8] = [
    DATABASE_URL,
    FERNET_KEYS,
    PUBLIC_BASE_URL,
    LISTEN_ADDR,
    TRUSTED_PROXIES,
    RATE_LIMIT,
    LOG_FORMAT,
    RUST_LOG,
];

/// The settings, checked.
pub(crate) struct Settings {
    pub(crate) database: DatabaseUrl,
    pub(crate) keys: MasterKeys,
    pub(crate) public_base_url: PublicBaseUrl,
    pub(crate) listen: SocketAddr,
    pub(crate) trusted_proxies: Cidrs,
    pub(crate) rate_limit: RateLimit,
}

/// The flags.
pub(crate) fn command_line() -> Command {
    Command::new("secure-secret-web")
        .about("Serves the reveal page of Secure Secret, and nothing else")
        .version(env!("CARGO_PKG_VERSION"))
        .args(settings::arguments(&ALL))
}

impl Settings {
    /// Reads every setting; all mistakes come in one error.
    pub(crate) fn read(matches: &ArgMatches) -> Result<(Self, LogSettings), SettingsError> {
        let mut reader = Reader::new(matches);
        let logging = LogSettings::read(&mut reader);
        let database = reader.required(&DATABASE_URL, DatabaseUrl::parse);
        let keys = reader.required(&FERNET_KEYS, master_keys);
        let public_base_url = reader.required(&PUBLIC_BASE_URL, PublicBaseUrl::parse);
        let listen = reader.required(&LISTEN_ADDR, settings::parse_listen_addr);
        let trusted_proxies = reader
            .optional(&TRUSTED_PROXIES, Cidrs::parse)
            .unwrap_or_default();
        let rate_limit = reader.required(&RATE_LIMIT, RateLimit::parse);
        if listen.is_some_and(|listen| !listen.ip().is_loopback()) && trusted_proxies.is_empty() {
            reader.reject(
                &LISTEN_ADDR,
                &Invalid::because(
                    "would serve unencrypted pages beyond this machine: listen on a loopback \
                     address, or name the proxies that terminate TLS in TRUSTED_PROXIES",
                ),
            );
        }
        match (database, keys, public_base_url, listen, rate_limit, logging) {
            (
                Some(database),
                Some(keys),
                Some(public_base_url),
                Some(listen),
                Some(rate_limit),
                Some(logging),
            ) => reader.finish().map(|()| {
                let settings = Self {
                    database,
                    keys,
                    public_base_url,
                    listen,
                    trusted_proxies,
                    rate_limit,
                };
                (settings, logging)
            }),
            _ => Err(reader.into_error()),
        }
    }
}

fn master_keys(text: &str) -> Result<MasterKeys, Invalid> {
    MasterKeys::parse(&SecretString::from(text))
        .map_err(|error| Invalid::because(error.to_string()))
}
