//! How secrets, notes and waiting links are sealed.
//!
//! A secret's key is derived from a master key *and* the link token, so that neither the database
//! with the master keys nor the database with the link opens it. With `LINK_DELIVERY=on_click` a
//! share takes the token's place, which leads from the message's button to a link only at a press.
//! What waits for delivery is sealed under delivery keys, which only the bot has. Both are standard
//! Fernet tokens (<https://github.com/fernet/spec/blob/master/Spec.md>) under keys derived with
//! HKDF-SHA256 (RFC 5869).

mod confirmation;
mod delivery;
mod derive;
mod half;
mod key;
mod key_ring;
mod master;
mod random;
mod response_url;
mod seal;
mod share;
mod token;
#[cfg(test)]
mod vectors;

pub use confirmation::{CONFIRMATION_LIFE, Confirmed, ConfirmedBy};
pub use delivery::{DeliveryKeys, NotApart, Parcel, SealedParcel};
pub use half::{Half, HalfRef, Share, Way};
pub use key::KeyId;
pub use key_ring::KeyRingError;
pub use master::{Binding, MasterKeys, SealedSecret};
pub use response_url::ResponseUrl;
pub use seal::OpenError;
pub use share::{LinkBinding, SealedShare, ShareError};
pub use token::{LinkToken, TokenHash};

/// The version of how a row is sealed whose message has its link, stored with it and bound into its
/// keys.
pub const FORMAT: u8 = 1;

/// The same of a row whose message has a share.
pub const SHARE_FORMAT: u8 = 2;

/// The operating system's random generator gave no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random generator failed")]
pub struct NoEntropy;
