//! Every setting there is.

use super::{Exposure, Setting};
use crate::domain::program::Program;

const EVERY: &[Program] = &[Program::Bot, Program::Web, Program::Migrate];
const BOTH: &[Program] = &[Program::Bot, Program::Web];
const BOT: &[Program] = &[Program::Bot];
const WEB: &[Program] = &[Program::Web];

/// Every setting, in the order in which people read about them.
pub const ALL: [Setting; 31] = [
    DATABASE_URL,
    FERNET_KEYS,
    DELIVERY_KEYS,
    PUBLIC_BASE_URL,
    SLACK_APP_TOKEN,
    SLACK_BOT_TOKEN,
    SLACK_CONNECTIONS,
    SLACK_API_URL,
    HTTPS_PROXY,
    NO_PROXY,
    CA_BUNDLE,
    ALLOW_SELF,
    ALLOW_EXTERNAL,
    ALLOW_GUESTS,
    CLEANUP_INTERVAL,
    LISTEN_ADDR,
    TLS_CERT,
    TLS_KEY,
    REDIRECT_ADDR,
    HSTS_INCLUDE_SUBDOMAINS,
    TRUSTED_PROXIES,
    RATE_LIMIT,
    BRAND_NAME,
    BRAND_LOGO,
    BRAND_ACCENT,
    SUPPORT_CONTACT,
    PRIVACY_URL,
    DEFAULT_LANGUAGE,
    HEALTH_ADDR,
    LOG_FORMAT,
    RUST_LOG,
];

/// The settings of one program.
#[must_use]
pub fn of(program: Program) -> Vec<Setting> {
    ALL.into_iter()
        .filter(|setting| setting.programs.contains(&program))
        .collect()
}

/// The database.
pub const DATABASE_URL: Setting = Setting {
    name: "DATABASE_URL",
    meaning: "The database",
    form: "mysql://user:password@host/database?ssl-ca=/path/to/authority.pem, with ?socket=/path for a socket; or sqlite://path/to/file.db?mode=rwc",
    default: Some("sqlite://secure-secret.db?mode=rwc"),
    exposure: Exposure::MayHoldPassword,
    programs: EVERY,
};

/// The ring of master keys.
pub const FERNET_KEYS: Setting = Setting {
    name: "FERNET_KEYS",
    meaning: "Master keys: the first one encrypts, all of them decrypt",
    form: "Fernet keys (32 random bytes in url-safe base64, 44 characters each), separated by commas",
    default: None,
    exposure: Exposure::Secret,
    programs: BOTH,
};

/// The ring of delivery keys.
pub const DELIVERY_KEYS: Setting = Setting {
    name: "DELIVERY_KEYS",
    meaning: "Keys that seal what waits for delivery; the bot alone has them",
    form: "Fernet keys (32 random bytes in url-safe base64, 44 characters each), separated by commas",
    default: None,
    exposure: Exposure::Secret,
    programs: BOT,
};

/// Where recipients reach reveal-web.
pub const PUBLIC_BASE_URL: Setting = Setting {
    name: "PUBLIC_BASE_URL",
    meaning: "Where recipients reach the reveal page; links are built from it and from nothing else. For two years after a visit, browsers come to an https host by https only (HSTS)",
    form: "https://secrets.example.org (http only for this machine itself, e.g. http://127.0.0.1:8080)",
    default: None,
    exposure: Exposure::Public,
    programs: BOTH,
};

/// The app-level token.
pub const SLACK_APP_TOKEN: Setting = Setting {
    name: "SLACK_APP_TOKEN",
    meaning: "The Slack app's app-level token with the scope connections:write",
    form: "xapp-... (Slack: your app, Basic Information, App-Level Tokens)",
    default: None,
    exposure: Exposure::Secret,
    programs: BOT,
};

/// The bot token.
pub const SLACK_BOT_TOKEN: Setting = Setting {
    name: "SLACK_BOT_TOKEN",
    meaning: "The Slack app's bot token",
    form: "xoxb-... (Slack: your app, OAuth & Permissions, Bot User OAuth Token)",
    default: None,
    exposure: Exposure::Secret,
    programs: BOT,
};

/// Socket Mode connections of one bot.
pub const SLACK_CONNECTIONS: Setting = Setting {
    name: "SLACK_CONNECTIONS",
    meaning: "Socket Mode connections of this process; Slack allows an app 10 over all its processes",
    form: "a number from 1 to 10",
    default: Some("2"),
    exposure: Exposure::Public,
    programs: BOT,
};

/// Slack's Web API.
pub const SLACK_API_URL: Setting = Setting {
    name: "SLACK_API_URL",
    meaning: "Slack's Web API; another one for tests only",
    form: "https://slack.com/api (http only for this machine itself)",
    default: Some("https://slack.com/api"),
    exposure: Exposure::Public,
    programs: BOT,
};

/// The proxy on the way to Slack.
pub const HTTPS_PROXY: Setting = Setting {
    name: "HTTPS_PROXY",
    meaning: "The HTTP proxy through which Slack is reached",
    form: "http://proxy.example.org:3128, with user:password@ before the host where the proxy asks for it",
    default: None,
    exposure: Exposure::MayHoldPassword,
    programs: BOT,
};

/// Who is reached without the proxy.
pub const NO_PROXY: Setting = Setting {
    name: "NO_PROXY",
    meaning: "Hosts that are reached without HTTPS_PROXY",
    form: "domains, addresses and networks separated by commas: .example.org, 10.0.0.0/8",
    default: None,
    exposure: Exposure::Public,
    programs: BOT,
};

/// The operator's own certificate authorities.
pub const CA_BUNDLE: Setting = Setting {
    name: "CA_BUNDLE",
    meaning: "Certificate authorities that are trusted on the way to Slack besides the system's",
    form: "the path of a PEM file",
    default: None,
    exposure: Exposure::Public,
    programs: BOT,
};

/// Sending to oneself.
pub const ALLOW_SELF: Setting = Setting {
    name: "ALLOW_SELF",
    meaning: "Whether people may send secrets to themselves",
    form: "yes or no",
    default: Some("no"),
    exposure: Exposure::Public,
    programs: BOT,
};

/// Sending to other organizations.
pub const ALLOW_EXTERNAL: Setting = Setting {
    name: "ALLOW_EXTERNAL",
    meaning: "Whether people may send secrets to members of other organizations",
    form: "yes or no",
    default: Some("no"),
    exposure: Exposure::Public,
    programs: BOT,
};

/// Sending to guests.
pub const ALLOW_GUESTS: Setting = Setting {
    name: "ALLOW_GUESTS",
    meaning: "Whether people may send secrets to guests, of one channel or of several",
    form: "yes or no",
    default: Some("yes"),
    exposure: Exposure::Public,
    programs: BOT,
};

/// The sweeper's interval.
pub const CLEANUP_INTERVAL: Setting = Setting {
    name: "CLEANUP_INTERVAL",
    meaning: "How often expired secrets are destroyed",
    form: "10m, 90s, 1h: at least 1s",
    default: Some("10m"),
    exposure: Exposure::Public,
    programs: BOT,
};

/// Where reveal-web listens.
pub const LISTEN_ADDR: Setting = Setting {
    name: "LISTEN_ADDR",
    meaning: "Where the reveal page is served",
    form: "127.0.0.1:8080 or [::1]:8080; another address only with TLS_CERT, or behind proxies named in TRUSTED_PROXIES",
    default: Some("127.0.0.1:8080"),
    exposure: Exposure::Public,
    programs: WEB,
};

/// The certificate chain of the reveal page.
pub const TLS_CERT: Setting = Setting {
    name: "TLS_CERT",
    meaning: "The certificate chain of the reveal page; without it the page is served unencrypted",
    form: "the path of a PEM file, the server's certificate first; read again when it changes",
    default: None,
    exposure: Exposure::Public,
    programs: WEB,
};

/// The private key of [`TLS_CERT`].
pub const TLS_KEY: Setting = Setting {
    name: "TLS_KEY",
    meaning: "The private key of TLS_CERT",
    form: "the path of a PEM file; read again when it changes",
    default: None,
    exposure: Exposure::Public,
    programs: WEB,
};

/// Where plain http is sent on to https.
pub const REDIRECT_ADDR: Setting = Setting {
    name: "REDIRECT_ADDR",
    meaning: "Where http is listened on, to send browsers to https; wants TLS_CERT; off by default",
    form: "0.0.0.0:80 or [::]:80",
    default: None,
    exposure: Exposure::Public,
    programs: WEB,
};

/// Whether browsers keep to https on all names below the page's too.
pub const HSTS_INCLUDE_SUBDOMAINS: Setting = Setting {
    name: "HSTS_INCLUDE_SUBDOMAINS",
    meaning: "Whether browsers shall come by https only, for two years, to every name below PUBLIC_BASE_URL's host too; sites there that have no https can't be reached any more, so look at them all first",
    form: "yes or no",
    default: Some("no"),
    exposure: Exposure::Public,
    programs: WEB,
};

/// Believed proxies.
pub const TRUSTED_PROXIES: Setting = Setting {
    name: "TRUSTED_PROXIES",
    meaning: "The proxies whose X-Forwarded-For header is believed",
    form: "addresses or networks separated by commas: 10.0.0.7, 10.1.0.0/16, fd00::/8",
    default: None,
    exposure: Exposure::Public,
    programs: WEB,
};

/// The rate limit.
pub const RATE_LIMIT: Setting = Setting {
    name: "RATE_LIMIT",
    meaning: "Most requests of one client address in any window of time, for each process. Opening a secret takes two: where NAT, a VPN or a gateway gives many people one address, the default lets all of them together open 30 a minute; 600/60s would be 300",
    form: "60/60s: requests, a slash, a time of at most 1h",
    default: Some("60/60s"),
    exposure: Exposure::Public,
    programs: WEB,
};

/// The operator's name.
pub const BRAND_NAME: Setting = Setting {
    name: "BRAND_NAME",
    meaning: "Your organization's name, on every page",
    form: "up to 60 characters",
    default: None,
    exposure: Exposure::Public,
    programs: WEB,
};

/// The operator's logo.
pub const BRAND_LOGO: Setting = Setting {
    name: "BRAND_LOGO",
    meaning: "Your organization's logo, on every page",
    form: "the path of a PNG, JPEG, WebP or SVG file of at most 6144 bytes",
    default: None,
    exposure: Exposure::Public,
    programs: WEB,
};

/// The color of buttons.
pub const BRAND_ACCENT: Setting = Setting {
    name: "BRAND_ACCENT",
    meaning: "The color of buttons on light pages; dark pages get a lighter one of its kind",
    form: "#rrggbb, with a contrast of at least 4.5:1 with white",
    default: Some("#0b5cad"),
    exposure: Exposure::Public,
    programs: WEB,
};

/// Whom people ask for help.
pub const SUPPORT_CONTACT: Setting = Setting {
    name: "SUPPORT_CONTACT",
    meaning: "Whom people write to when they need help, on every page",
    form: "an e-mail address, an https:// address, or up to 120 characters of text",
    default: None,
    exposure: Exposure::Public,
    programs: WEB,
};

/// The operator's privacy notice.
pub const PRIVACY_URL: Setting = Setting {
    name: "PRIVACY_URL",
    meaning: "Your privacy notice, linked where people are told what is written down: in the dialog, and above the button that opens a secret",
    form: "an https:// address of up to 500 characters",
    default: None,
    exposure: Exposure::Public,
    programs: BOTH,
};

/// The language of people who chose none that we speak.
pub const DEFAULT_LANGUAGE: Setting = Setting {
    name: "DEFAULT_LANGUAGE",
    meaning: "The language of people who chose none that we speak, in Slack or in their browser",
    form: "en or fr",
    default: Some("en"),
    exposure: Exposure::Public,
    programs: BOTH,
};

/// Where health and metrics are served.
pub const HEALTH_ADDR: Setting = Setting {
    name: "HEALTH_ADDR",
    meaning: "Where liveness, readiness and metrics are served, to this machine only; off by default",
    form: "a loopback address with a port: 127.0.0.1:9090 or [::1]:9090",
    default: None,
    exposure: Exposure::Public,
    programs: BOTH,
};

/// The form of the log.
pub const LOG_FORMAT: Setting = Setting {
    name: "LOG_FORMAT",
    meaning: "How log lines are written",
    form: "text or json",
    default: Some("text"),
    exposure: Exposure::Public,
    programs: BOTH,
};

/// What is logged.
pub const RUST_LOG: Setting = Setting {
    name: "RUST_LOG",
    meaning: "Which of our own log lines are written; other libraries' stay at warnings at most",
    form: "error, warn, info, debug or trace, or directives such as info,shared=debug",
    default: Some("info"),
    exposure: Exposure::Public,
    programs: BOTH,
};
