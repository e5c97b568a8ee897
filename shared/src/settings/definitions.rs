//! Every setting there is.

use super::Setting;

/// The database.
pub const DATABASE_URL: Setting = Setting {
    name: "DATABASE_URL",
    meaning: "The database",
    form: "mysql://user:password@host/database, or sqlite://path/to/file.db?mode=rwc",
    default: Some("sqlite://secure-secret.db?mode=rwc"),
    secret: false,
};

/// The ring of master keys.
pub const FERNET_KEYS: Setting = Setting {
    name: "FERNET_KEYS",
    meaning: "Master keys: the first one encrypts, all of them decrypt",
    form: "Fernet keys (32 random bytes in url-safe base64, 44 characters each), separated by commas",
    default: None,
    secret: true,
};

/// The ring of delivery keys.
pub const DELIVERY_KEYS: Setting = Setting {
    name: "DELIVERY_KEYS",
    meaning: "Keys that seal what waits for delivery; the bot alone has them",
    form: "Fernet keys (32 random bytes in url-safe base64, 44 characters each), separated by commas",
    default: None,
    secret: true,
};

/// Where recipients reach reveal-web.
pub const PUBLIC_BASE_URL: Setting = Setting {
    name: "PUBLIC_BASE_URL",
    meaning: "Where recipients reach the reveal page; links are built from it and from nothing else",
    form: "https://secrets.example.org (http only for this machine itself, e.g. http://127.0.0.1:8080)",
    default: None,
    secret: false,
};

/// The app-level token.
pub const SLACK_APP_TOKEN: Setting = Setting {
    name: "SLACK_APP_TOKEN",
    meaning: "The Slack app's app-level token with the scope connections:write",
    form: "xapp-... (Slack: your app, Basic Information, App-Level Tokens)",
    default: None,
    secret: true,
};

/// The bot token.
pub const SLACK_BOT_TOKEN: Setting = Setting {
    name: "SLACK_BOT_TOKEN",
    meaning: "The Slack app's bot token",
    form: "xoxb-... (Slack: your app, OAuth & Permissions, Bot User OAuth Token)",
    default: None,
    secret: true,
};

/// Slack's Web API.
pub const SLACK_API_URL: Setting = Setting {
    name: "SLACK_API_URL",
    meaning: "Slack's Web API; another one for tests only",
    form: "https://slack.com/api (http only for this machine itself)",
    default: Some("https://slack.com/api"),
    secret: false,
};

/// Socket Mode connections of one bot.
pub const SLACK_CONNECTIONS: Setting = Setting {
    name: "SLACK_CONNECTIONS",
    meaning: "Socket Mode connections of this process; Slack allows an app 10 over all its processes",
    form: "a number from 1 to 10",
    default: Some("2"),
    secret: false,
};

/// The proxy on the way to Slack.
pub const HTTPS_PROXY: Setting = Setting {
    name: "HTTPS_PROXY",
    meaning: "The HTTP proxy through which Slack is reached",
    form: "http://proxy.example.org:3128, with user:password@ before the host where the proxy asks for it",
    default: None,
    secret: false,
};

/// Who is reached without the proxy.
pub const NO_PROXY: Setting = Setting {
    name: "NO_PROXY",
    meaning: "Hosts that are reached without HTTPS_PROXY",
    form: "domains, addresses and networks separated by commas: .example.org, 10.0.0.0/8",
    default: None,
    secret: false,
};

/// The operator's own certificate authorities.
pub const CA_BUNDLE: Setting = Setting {
    name: "CA_BUNDLE",
    meaning: "Certificate authorities that are trusted on the way to Slack besides the system's",
    form: "the path of a PEM file",
    default: None,
    secret: false,
};

/// Where health and metrics are served.
pub const HEALTH_ADDR: Setting = Setting {
    name: "HEALTH_ADDR",
    meaning: "Where liveness, readiness and metrics are served, to this machine only; off by default",
    form: "a loopback address with a port: 127.0.0.1:9090 or [::1]:9090",
    default: None,
    secret: false,
};

/// Sending to oneself.
pub const ALLOW_SELF: Setting = Setting {
    name: "ALLOW_SELF",
    meaning: "Whether people may send secrets to themselves",
    form: "yes or no",
    default: Some("no"),
    secret: false,
};

/// Sending to other organizations.
pub const ALLOW_EXTERNAL: Setting = Setting {
    name: "ALLOW_EXTERNAL",
    meaning: "Whether people may send secrets to members of other organizations",
    form: "yes or no",
    default: Some("no"),
    secret: false,
};

/// The language of people who chose none that we speak.
pub const DEFAULT_LANGUAGE: Setting = Setting {
    name: "DEFAULT_LANGUAGE",
    meaning: "The language of people who chose none that we speak, in Slack or in their browser",
    form: "en or fr",
    default: Some("en"),
    secret: false,
};

/// The sweeper's interval.
pub const CLEANUP_INTERVAL: Setting = Setting {
    name: "CLEANUP_INTERVAL",
    meaning: "How often expired secrets are destroyed",
    form: "10m, 90s, 1h: at least 1s",
    default: Some("10m"),
    secret: false,
};

/// Where reveal-web listens.
pub const LISTEN_ADDR: Setting = Setting {
    name: "LISTEN_ADDR",
    meaning: "Where the reveal page is served",
    form: "127.0.0.1:8080 or [::1]:8080; another address only behind proxies named in TRUSTED_PROXIES",
    default: Some("127.0.0.1:8080"),
    secret: false,
};

/// Believed proxies.
pub const TRUSTED_PROXIES: Setting = Setting {
    name: "TRUSTED_PROXIES",
    meaning: "The proxies whose X-Forwarded-For header is believed",
    form: "addresses or networks separated by commas: 10.0.0.7, 10.1.0.0/16, fd00::/8",
    default: None,
    secret: false,
};

/// The rate limit.
pub const RATE_LIMIT: Setting = Setting {
    name: "RATE_LIMIT",
    meaning: "Most requests of one client address in any window of time, for each process",
    form: "60/60s: requests, a slash, a time of at most 1h",
    default: Some("60/60s"),
    secret: false,
};

/// The form of the log.
pub const LOG_FORMAT: Setting = Setting {
    name: "LOG_FORMAT",
    meaning: "How log lines are written",
    form: "text or json",
    default: Some("text"),
    secret: false,
};

/// What is logged.
pub const RUST_LOG: Setting = Setting {
    name: "RUST_LOG",
    meaning: "Which of our own log lines are written; other libraries' stay at warnings at most",
    form: "error, warn, info, debug or trace, or directives such as info,shared=debug",
    default: Some("info"),
    secret: false,
};

/// The certificate chain of the reveal page.
pub const TLS_CERT: Setting = Setting {
    name: "TLS_CERT",
    meaning: "The certificate chain of the reveal page; without it the page is served unencrypted",
    form: "the path of a PEM file, the server's certificate first; read again when it changes",
    default: None,
    secret: false,
};

/// The private key of [`TLS_CERT`].
pub const TLS_KEY: Setting = Setting {
    name: "TLS_KEY",
    meaning: "The private key of TLS_CERT",
    form: "the path of a PEM file; read again when it changes",
    default: None,
    secret: false,
};

/// Where plain http is sent on to https.
pub const REDIRECT_ADDR: Setting = Setting {
    name: "REDIRECT_ADDR",
    meaning: "Where http is listened on, to send browsers to https; wants TLS_CERT; off by default",
    form: "0.0.0.0:80 or [::]:80",
    default: None,
    secret: false,
};

/// The operator's name.
pub const BRAND_NAME: Setting = Setting {
    name: "BRAND_NAME",
    meaning: "Your organization's name, on every page",
    form: "up to 60 characters",
    default: None,
    secret: false,
};

/// The operator's logo.
pub const BRAND_LOGO: Setting = Setting {
    name: "BRAND_LOGO",
    meaning: "Your organization's logo, on every page",
    form: "the path of a PNG, JPEG, WebP or SVG file of at most 6144 bytes",
    default: None,
    secret: false,
};

/// The color of buttons.
pub const BRAND_ACCENT: Setting = Setting {
    name: "BRAND_ACCENT",
    meaning: "The color of buttons on light pages; dark pages get a lighter one of its kind",
    form: "#rrggbb, with a contrast of at least 4.5:1 with white",
    default: Some("#0b5cad"),
    secret: false,
};

/// Whom people ask for help.
pub const SUPPORT_CONTACT: Setting = Setting {
    name: "SUPPORT_CONTACT",
    meaning: "Whom people write to when they need help, on every page",
    form: "an e-mail address, an https:// address, or up to 120 characters of text",
    default: None,
    secret: false,
};
