//! What the bot can be told.

use std::{io, net::SocketAddr, num::NonZeroU8, time::Duration};

use shared::{
    crypto::{DeliveryKeys, MasterKeys, Way},
    domain::{base_url::PublicBaseUrl, invalid::Invalid, program::Program},
    operate::{
        logging::LogSettings,
        settings::{
            AlertChannel, AppToken, BotToken, OfBot, PrivacyUrl, Reader, SettingFlags,
            SettingsError, SlackApiUrl, check,
            definitions::{
                ALERT_CHANNEL, ALLOW_EXTERNAL, ALLOW_GUESTS, ALLOW_SELF, CA_BUNDLE,
                CLEANUP_INTERVAL, DATABASE_URL, DEFAULT_LANGUAGE, DELIVERY_KEYS, FERNET_KEYS,
                HEALTH_ADDR, HTTPS_PROXY, LINK_DELIVERY, LINK_LIFETIME, NO_PROXY, PRIVACY_URL,
                PUBLIC_BASE_URL, PURGE_AFTER, REMIND_BEFORE, SLACK_API_URL, SLACK_APP_TOKEN,
                SLACK_BOT_TOKEN, SLACK_CONNECTIONS,
            },
        },
    },
    store::database_url::DatabaseUrl,
    text::Locale,
};

use crate::egress::EgressSettings;

/// The settings, checked.
pub(crate) struct Settings {
    pub(crate) database: DatabaseUrl,
    pub(crate) master_keys: MasterKeys,
    pub(crate) delivery_keys: DeliveryKeys,
    pub(crate) public_base_url: PublicBaseUrl,
    pub(crate) slack: SlackSettings,
    pub(crate) egress: EgressSettings,
    pub(crate) policy: Policy,
    pub(crate) links: LinkSettings,
    pub(crate) default_language: Locale,
    pub(crate) privacy: Option<PrivacyUrl>,
    pub(crate) cleanup_interval: Duration,
    pub(crate) purge_after: Duration,
    /// How long before their end people are reminded of secrets; never if `None`.
    pub(crate) remind_before: Option<Duration>,
    /// Where operators are told; nowhere if `None`.
    pub(crate) alerts: Option<AlertChannel>,
    /// Where health is served; nowhere if `None`.
    pub(crate) health: Option<SocketAddr>,
}

/// How Slack is reached.
pub(crate) struct SlackSettings {
    pub(crate) api_url: SlackApiUrl,
    pub(crate) app_token: AppToken,
    pub(crate) bot_token: BotToken,
    pub(crate) connections: NonZeroU8,
}

/// How recipients come by the link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkSettings {
    /// In the message, or by its button.
    pub(crate) way: Way,
    /// For how long one leads to its page that was made at a press.
    pub(crate) lifetime: Duration,
}

/// To whom people may send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) allow_self: bool,
    pub(crate) allow_external: bool,
    pub(crate) allow_guests: bool,
}

impl Settings {
    /// Reads every setting; all mistakes come in one error.
    pub(crate) fn read(flags: &SettingFlags<OfBot>) -> Result<(Self, LogSettings), SettingsError> {
        let mut reader = Reader::new(Program::Bot, flags);
        match Self::read_all(&mut reader) {
            Some(read) => reader.finish().map(|()| read),
            None => Err(reader.into_error()),
        }
    }

    /// Shows every setting on standard output; all mistakes come in one error.
    pub(crate) fn check(flags: &SettingFlags<OfBot>) -> anyhow::Result<()> {
        let mut reader = Reader::new(Program::Bot, flags);
        Self::read_all(&mut reader);
        check::print(&reader, &mut io::stdout().lock())?;
        Ok(reader.finish()?)
    }

    /// `None` when the reader noted a mistake; it is asked for every setting all the same.
    fn read_all(reader: &mut Reader) -> Option<(Self, LogSettings)> {
        let logging = LogSettings::read(reader);
        let database = reader.required(&DATABASE_URL);
        let master_keys = reader.keys(&FERNET_KEYS);
        let delivery_keys = reader.keys(&DELIVERY_KEYS);
        if let (Some(master), Some(delivery)) = (&master_keys, &delivery_keys)
            && let Err(shared) = delivery.check_apart_from(master)
        {
            reader.reject(&DELIVERY_KEYS, &Invalid::because(shared.to_string()));
        }
        let public_base_url = reader.required(&PUBLIC_BASE_URL);
        let app_token = reader.required(&SLACK_APP_TOKEN);
        let bot_token = reader.required(&SLACK_BOT_TOKEN);
        let api_url = reader.required(&SLACK_API_URL);
        let connections = reader.required(&SLACK_CONNECTIONS);
        let egress = EgressSettings {
            proxy: reader.optional(&HTTPS_PROXY),
            no_proxy: reader.optional(&NO_PROXY),
            ca_bundle: reader.optional(&CA_BUNDLE),
        };
        let health = reader.optional(&HEALTH_ADDR);
        let allow_self = reader.required(&ALLOW_SELF);
        let allow_external = reader.required(&ALLOW_EXTERNAL);
        let allow_guests = reader.required(&ALLOW_GUESTS);
        let way = reader.required(&LINK_DELIVERY);
        let link_lifetime = reader.required(&LINK_LIFETIME);
        let default_language = reader.required(&DEFAULT_LANGUAGE);
        let privacy = reader.optional(&PRIVACY_URL);
        let cleanup_interval = reader.required(&CLEANUP_INTERVAL);
        let purge_after = reader.required(&PURGE_AFTER);
        let alerts = reader.optional(&ALERT_CHANNEL);
        let remind_before = reader.optional(&REMIND_BEFORE);
        let read = Self {
            database: database?,
            master_keys: master_keys?,
            delivery_keys: delivery_keys?,
            public_base_url: public_base_url?,
            slack: SlackSettings {
                api_url: api_url?,
                app_token: app_token?,
                bot_token: bot_token?,
                connections: connections?,
            },
            egress,
            policy: Policy {
                allow_self: allow_self?,
                allow_external: allow_external?,
                allow_guests: allow_guests?,
            },
            links: LinkSettings {
                way: way?,
                lifetime: link_lifetime?,
            },
            default_language: default_language?,
            privacy,
            cleanup_interval: cleanup_interval?,
            purge_after: purge_after?,
            remind_before,
            alerts,
            health,
        };
        Some((read, logging?))
    }
}
