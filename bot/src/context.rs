//! What the bot's parts work with.

use std::{sync::Arc, time::Duration};

use shared::{
    crypto::{DeliveryKeys, MasterKeys},
    domain::base_url::PublicBaseUrl,
    operate::settings::PrivacyUrl,
    store::{Database, installation::Installation},
    text::Locale,
};
use tokio::sync::{Notify, Semaphore};

use crate::{
    alarm::Alarm,
    metrics::Metrics,
    outage::Outage,
    precedence::Precedence,
    settings::{LinkSettings, Policy},
    slack::{Directory, Slack},
};

/// What handlers and courier work with, made once (`worker.rs`).
pub(crate) struct Context {
    pub(crate) database: Database,
    pub(crate) slack: Arc<Slack>,
    pub(crate) directory: Directory,
    pub(crate) master_keys: MasterKeys,
    pub(crate) delivery_keys: DeliveryKeys,
    /// What every link begins with.
    pub(crate) public_base_url: PublicBaseUrl,
    pub(crate) policy: Policy,
    pub(crate) links: LinkSettings,
    /// How long before their end people are reminded of secrets; never if `None`.
    pub(crate) remind_before: Option<Duration>,
    /// Which dialogs are ours.
    pub(crate) installation: Installation,
    /// For people whose language is not known, or has no catalogue.
    pub(crate) default_language: Locale,
    /// What the dialog leads to where it says what is written down.
    pub(crate) privacy: Option<PrivacyUrl>,
    /// Wakes the courier: told by whoever stores something that is due at once.
    pub(crate) work_waits: Notify,
    /// Places for submissions that are being stored (`handlers/submission.rs`).
    pub(crate) storing: Semaphore,
    /// Who waits for an answer to a submission.
    pub(crate) precedence: Precedence,
    pub(crate) metrics: Arc<Metrics>,
    /// Rung when Slack refuses a token for good.
    pub(crate) alarm: Alarm,
    /// Whether Slack takes messages at all.
    pub(crate) outage: Arc<Outage>,
}
