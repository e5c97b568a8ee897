//! The words that all of Secure Secret is written in: small types that know what they may hold.
//! They stand on nothing but each other.

pub mod base_url;
pub mod certificate;
pub mod characters;
pub mod clock;
pub mod display_name;
pub mod home;
pub mod ids;
pub mod invalid;
pub mod lifetime;
pub mod press;
pub mod program;
pub mod secret;
