//! Every setting there is.

use std::{net::SocketAddr, num::NonZeroU8, path::PathBuf, time::Duration};

use super::{
    AlertChannel, AppToken, BotToken, CaBundle, Cidrs, Exposure, HttpsProxy, LogFormat, PrivacyUrl,
    RateLimit, Setting, SlackApiUrl, Typed,
    values::{
        Directives, parse_bool, parse_connections, parse_delivery_keys, parse_duration,
        parse_health_addr, parse_language, parse_link_delivery, parse_link_lifetime,
        parse_listen_addr, parse_master_keys, parse_path, parse_purge_after, parse_remind_before,
        parse_text,
    },
};
use crate::{
    crypto::{DeliveryKeys, MasterKeys, Way},
    domain::{base_url::PublicBaseUrl, program::Program},
    store::database_url::DatabaseUrl,
    text::Locale,
};

const EVERY: &[Program] = &[Program::Bot, Program::Web, Program::Migrate];
const BOTH: &[Program] = &[Program::Bot, Program::Web];
const BOT: &[Program] = &[Program::Bot];
const WEB: &[Program] = &[Program::Web];

macro_rules! default {
    (none) => {
        None
    };
    ($default:literal) => {
        Some($default)
    };
}

/// `NAME: type = parser, (for whom, what of it may be seen, default) meaning, form`.
macro_rules! settings {
    ($(
        $name:ident: $type:ty = $parse:expr, ($programs:ident, $exposure:ident, $default:tt)
            $meaning:literal, $form:literal;
    )+) => {
        $(
            #[doc = concat!("`", stringify!($name), "`.")]
            pub const $name: Typed<$type> = Typed {
                setting: Setting {
                    name: stringify!($name),
                    meaning: $meaning,
                    form: $form,
                    default: default!($default),
                    exposure: Exposure::$exposure,
                    programs: $programs,
                },
                parse: $parse,
            };
        )+

        /// Every setting, in the order in which people read about them.
        pub const ALL: &[Setting] = &[$($name.setting),+];
    };
}

settings! {
    DATABASE_URL: DatabaseUrl = DatabaseUrl::parse, (EVERY, MayHoldPassword, "sqlite://secure-secret.db?mode=rwc")
        "The database",
        "mysql://user:password@host/database?ssl-ca=/path/to/authority.pem, with ?socket=/path for a socket; several hosts of a cluster with commas between them, as in host1:3306,host2:3306, of which the one that takes changes is used (docs/clusters.md); or sqlite://path/to/file.db?mode=rwc";
    FERNET_KEYS: MasterKeys = parse_master_keys, (BOTH, Secret, none)
        "Master keys: the first one encrypts, all of them decrypt",
        "Fernet keys (32 random bytes in url-safe base64, 44 characters each), separated by commas";
    DELIVERY_KEYS: DeliveryKeys = parse_delivery_keys, (BOT, Secret, none)
        "Keys that seal what waits for delivery; the bot alone has them",
        "Fernet keys (32 random bytes in url-safe base64, 44 characters each), separated by commas";
    PUBLIC_BASE_URL: PublicBaseUrl = PublicBaseUrl::parse, (BOTH, Public, none)
        "Where recipients reach the reveal page; links are built from it and from nothing else. For two years after a visit, browsers come to an https host by https only (HSTS)",
        "https://secrets.example.org (http only for this machine itself, e.g. http://127.0.0.1:8080)";
    SLACK_APP_TOKEN: AppToken = AppToken::parse, (BOT, Secret, none)
        "The Slack app's app-level token with the scope connections:write",
        "xapp-... (Slack: your app, Basic Information, App-Level Tokens)";
    SLACK_BOT_TOKEN: BotToken = BotToken::parse, (BOT, Secret, none)
        "The Slack app's bot token",
        "xoxb-... (Slack: your app, OAuth & Permissions, Bot User OAuth Token)";
    SLACK_CONNECTIONS: NonZeroU8 = parse_connections, (BOT, Public, "2")
        "Socket Mode connections of this process; Slack allows an app 10 over all its processes",
        "a number from 1 to 10";
    SLACK_API_URL: SlackApiUrl = SlackApiUrl::parse, (BOT, Public, "https://slack.com/api")
        "Slack's Web API; another one for tests only",
        "https://slack.com/api (http only for this machine itself)";
    HTTPS_PROXY: HttpsProxy = HttpsProxy::parse, (BOT, MayHoldPassword, none)
        "The HTTP proxy through which Slack is reached",
        "http://proxy.example.org:3128, with user:password@ before the host where the proxy asks for it";
    NO_PROXY: String = parse_text, (BOT, Public, none)
        "Hosts that are reached without HTTPS_PROXY",
        "domains, addresses and networks separated by commas: .example.org, 10.0.0.0/8";
    CA_BUNDLE: CaBundle = CaBundle::parse, (BOT, Public, none)
        "Certificate authorities that are trusted on the way to Slack besides the system's",
        "the path of a PEM file";
    ALLOW_SELF: bool = parse_bool, (BOT, Public, "no")
        "Whether people may send secrets to themselves",
        "yes or no";
    ALLOW_EXTERNAL: bool = parse_bool, (BOT, Public, "no")
        "Whether people may send secrets to members of other organizations",
        "yes or no";
    ALLOW_GUESTS: bool = parse_bool, (BOT, Public, "yes")
        "Whether people may send secrets to guests, of one channel or of several",
        "yes or no";
    LINK_DELIVERY: Way = parse_link_delivery, (BOT, Public, "dm")
        "Where recipients find the link: in the message, or by a button there that makes one for them alone",
        "dm or on_click; set it to on_click once every bot and reveal-web is of this version";
    LINK_LIFETIME: Duration = parse_link_lifetime, (BOT, Public, "2m")
        "With LINK_DELIVERY=on_click, for how long a link leads to its page",
        "2m, 90s: 30s to 15m";
    CLEANUP_INTERVAL: Duration = parse_duration, (BOT, Public, "10m")
        "How often expired secrets are destroyed",
        "10m, 90s, 1h: at least 1s";
    PURGE_AFTER: Duration = parse_purge_after, (BOT, Public, "30d")
        "How long after its end a secret's row is removed; the trail stays",
        "30d, 90d, 1y: at least 8d";
    ALERT_CHANNEL: AlertChannel = AlertChannel::parse, (BOT, Public, none)
        "The channel in Slack that is told when somebody may have read what wasn't meant for them, or when something is stuck: ids and what to do, once a cause and hour. Invite the app there; off by default",
        "a channel's ID: C0123ABCDEF";
    REMIND_BEFORE: Duration = parse_remind_before, (BOT, Public, none)
        "How long before its end a recipient is reminded of a secret that was sent for an hour or more and not opened yet: once, and between 7:00 and 20:00 where the recipient is; off by default",
        "30m: from 5m to 55m";
    LISTEN_ADDR: SocketAddr = parse_listen_addr, (WEB, Public, "127.0.0.1:8080")
        "Where the reveal page is served",
        "127.0.0.1:8080 or [::1]:8080; another address only with TLS_CERT, or behind proxies named in TRUSTED_PROXIES";
    TLS_CERT: PathBuf = parse_path, (WEB, Public, none)
        "The certificate chain of the reveal page; without it the page is served unencrypted",
        "the path of a PEM file, the server's certificate first; read again when it changes";
    TLS_KEY: PathBuf = parse_path, (WEB, Public, none)
        "The private key of TLS_CERT",
        "the path of a PEM file; read again when it changes";
    REDIRECT_ADDR: SocketAddr = parse_listen_addr, (WEB, Public, none)
        "Where http is listened on, to send browsers to https; wants TLS_CERT; off by default",
        "0.0.0.0:80 or [::]:80";
    HSTS_INCLUDE_SUBDOMAINS: bool = parse_bool, (WEB, Public, "no")
        "Whether browsers shall come by https only, for two years, to every name below PUBLIC_BASE_URL's host too; sites there that have no https can't be reached any more, so look at them all first",
        "yes or no";
    TRUSTED_PROXIES: Cidrs = Cidrs::parse, (WEB, Public, none)
        "The proxies whose X-Forwarded-For header is believed",
        "addresses or networks separated by commas: 10.0.0.7, 10.1.0.0/16, fd00::/8";
    RATE_LIMIT: RateLimit = RateLimit::parse, (WEB, Public, "60/60s")
        "Most requests of one client address in any window of time, for each process. Opening a secret takes two: where NAT, a VPN or a gateway gives many people one address, the default lets all of them together open 30 a minute; 600/60s would be 300",
        "60/60s: requests, a slash, a time of at most 1h";
    BRAND_NAME: String = parse_text, (WEB, Public, none)
        "Your organization's name, on every page",
        "up to 60 characters";
    BRAND_LOGO: String = parse_text, (WEB, Public, none)
        "Your organization's logo, on every page",
        "the path of a PNG, JPEG, WebP or SVG file of at most 6144 bytes";
    BRAND_ACCENT: String = parse_text, (WEB, Public, "#0b5cad")
        "The color of buttons on light pages; dark pages get a lighter one of its kind",
        "#rrggbb, with a contrast of at least 4.5:1 with white";
    SUPPORT_CONTACT: String = parse_text, (WEB, Public, none)
        "Whom people write to when they need help, on every page",
        "an e-mail address, an https:// address, or up to 120 characters of text";
    PRIVACY_URL: PrivacyUrl = PrivacyUrl::parse, (BOTH, Public, none)
        "Your privacy notice, linked where people are told what is written down: in the dialog, and above the button that opens a secret",
        "an https:// address of up to 500 characters";
    DEFAULT_LANGUAGE: Locale = parse_language, (BOTH, Public, "en")
        "The language of people who chose none that we speak, in Slack or in their browser",
        "en or fr";
    HEALTH_ADDR: SocketAddr = parse_health_addr, (BOTH, Public, none)
        "Where liveness, readiness and metrics are served, to this machine only; off by default",
        "a loopback address with a port: 127.0.0.1:9090 or [::1]:9090";
    LOG_FORMAT: LogFormat = LogFormat::parse, (BOTH, Public, "text")
        "How log lines are written",
        "text or json";
    RUST_LOG: Directives = Directives::parse, (BOTH, Public, "info")
        "Which of our own log lines are written; other libraries' stay at warnings at most",
        "error, warn, info, debug or trace, or directives such as info,shared=debug";
}

/// The settings of one program.
#[must_use]
pub fn of(program: Program) -> Vec<Setting> {
    ALL.iter()
        .copied()
        .filter(|setting| setting.programs.contains(&program))
        .collect()
}
