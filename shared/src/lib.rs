//! What both doors of Secure Secret stand on: crypto, the store, the audit log, the message
//! catalogues, settings and logging.
//!
//! `bot` and `reveal-web` reach secrets only through [`store`] and meet only in the database.

pub mod certificate;
pub mod characters;
pub mod clock;
pub mod core_dumps;
pub mod crypto;
pub mod display_name;
pub mod doctor;
pub mod health;
pub mod home;
pub mod ids;
pub mod lifecycle;
pub mod lifetime;
pub mod logging;
pub mod secret;
pub mod settings;
pub mod store;
pub mod text;
