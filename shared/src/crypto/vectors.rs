//! One fixed example of everything that is sealed, signed or hashed and then stored or sent out, so
//! that no release loses what the one before it made, and no part of what a key is derived from is
//! left out, swapped or renamed unnoticed.
//!
//! These constants never change: a new format gets examples of its own beside them. They were made
//! by `vectors.py`, with other libraries than ours.

use secrecy::SecretString;
use uuid::Uuid;

use super::*;
use crate::domain::{
    clock::Timestamp,
    ids::{DeliveryId, SecretId, TeamId, UserId},
    secret::NoteText,
};

/// The bytes 0 to 31, and the same backwards.
const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const DELIVERY: &str = "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
/// The bytes 64 to 95.
const TOKEN: &str = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8";
/// A key that came later, and seals.
const NEWER: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

const SECRET: Uuid = Uuid::from_u128(0x01a2_1000_0001_7001_8001_0000_0000_0001);
const ROW: Uuid = Uuid::from_u128(0x01a2_1000_0002_7002_8002_0000_0000_0002);
const EXPIRES_AT: Timestamp = Timestamp::from_millis(1_795_464_180_000);
const MADE_AT: Timestamp = Timestamp::from_millis(1_795_460_580_000);

const TEXT: &str = "hunter2 für später 🔑";
const NOTE: &str = "for the VPN";
const URL: &str = "https://hooks.slack.com/commands/T0SCHOOL/1/vector";

const MASTER_ID: &str = "5bf010dc05a559ed";
const DELIVERY_ID: &str = "600bddd179954f88";
const TOKEN_HASH: &str = "ca2a4fe727faaecf16ecd130a86e0885c5540c05375340445071c0657555fd42";
const SEALED_SECRET: &str = "gAAAAABrBI3kdVhXiA4SDZRZ-KlnlY9L-LwoAtRfHiCy-xue5qxS5jYCgfkEzwuaBsMQ7yG1fpMXhOqPuTCcp5nBrEfsi58EEW7aBUgcTcJj7gy52iDkX-Q=";
const SEALED_NOTE: &str = "gAAAAABrBI3k2jYO4iZrHFIEKk2HNdWU-C1uDBwv36KPzU7tGHbXcyueG88cDIJ8iOpHdr0wPO8pdIW0LHO8zS8N8N2hQ_g9mw==";
const PARCEL: &str = "gAAAAABrBI3kgB2LVFDhLSqBsmvQvatHnRmhpvP_0YPZh12zHpiPs9tl--clMCW-nOvfYJvpeqoa9Rf8PpT3T73AjelkVwagywyLxZG8MAGBD33OoZu6sMlmWkhtwktNP9fBvIn1KVCg";
const PARCEL_WITHOUT_NOTE: &str = "gAAAAABrBI3kgoU8ILfjn9VZOgS8Pw0nJ-78LU4pl_Fg-qaRwzL4PE26uPDNkqZgrNwjV1UDevw9Y-Gs77DrFPP8vW2_PIzQw95vF70rkjEEwZ1ILYfv15kplKFlc31-0O3AclCWQdSJ";
const RESPONSE_URL_OF_DIALOG: &str = "600bddd179954f88.gAAAAABrBI3kqiOjr3L4aGGFotoX-9a889PPTOQCS6z_em07vFizQoWTDd_ta8wFHLhPCSPpCcsqw6TU_ZJ2Q15CelqdAGlyZ6D6m8VK_rjHZ_S70yTCWz-uVlTpWuQVpXymHEI_IFNU_0dJYeJkJugrWYCxQq3OOg==";
const RESPONSE_URL_OF_RECEIPT: &str = "gAAAAABrBI3kmMFYYMpeu0Y0aBNdPMxt5XltjpOKrGf1VdabDevI9NK3rUH10mhAaADXTOugMAQBbln426Nyh6ObkBi-e_P_hUSJpYZybaj3g8htdP312B227KuzC3VHde0sSVwILuQmjBJWFS_-VWTiTiKcpBIKKA==";
const CONFIRMATION: &str = "AAABognKQqAl8suIINX-bvKOfvmWt3ANGt9KWty4GZ8Y17zwx3OdyA";
const BY_IPV4: &str = "48e74da35c1c4f3331c3d1cce27c981f600b3d2b5c66dab8c0aac625ffd1fabb";
const BY_IPV6: &str = "e60570c93b05736472e977a40de63cb4636b7fdd726ebe4580472b4741c6c35b";
const BY_NOTHING: &str = "1828b2753d10fad56dae9b83fd31972e856051e8d0b83a73d1da70df61e10746";

fn master() -> MasterKeys {
    MasterKeys::parse(&SecretString::from(format!("{NEWER},{MASTER}"))).unwrap()
}

fn delivery() -> DeliveryKeys {
    DeliveryKeys::parse(&SecretString::from(format!("{NEWER},{DELIVERY}"))).unwrap()
}

fn token() -> LinkToken {
    LinkToken::parse(TOKEN).unwrap()
}

fn row() -> (DeliveryId, SecretId) {
    (DeliveryId::from_uuid(ROW), SecretId::from_uuid(SECRET))
}

fn person() -> (TeamId, UserId) {
    let team = TeamId::parse("T0SCHOOL").unwrap();
    (team, UserId::parse("U0ALICE").unwrap())
}

fn key_id(hex: &str) -> KeyId {
    KeyId::from_slice(&hex::decode(hex).unwrap()).unwrap()
}

fn parcel(content: &str) -> Parcel {
    let sealed = SealedParcel {
        key_id: key_id(DELIVERY_ID),
        content: content.into(),
    };
    let (delivery_row, secret) = row();
    delivery().open(delivery_row, secret, &sealed).unwrap()
}

fn confirmed() -> Confirmed {
    master().confirmed(&token().hash(), CONFIRMATION).unwrap()
}

#[test]
fn the_id_of_a_master_key() {
    let ids: Vec<_> = master().ids().collect();
    assert_eq!(ids[1], key_id(MASTER_ID));
}

#[test]
fn the_id_of_a_delivery_key() {
    let ids: Vec<_> = delivery().ids().collect();
    assert_eq!(ids[1], key_id(DELIVERY_ID));
}

#[test]
fn the_hash_of_a_link_token() {
    assert_eq!(hex::encode(token().hash().as_bytes()), TOKEN_HASH);
}

/// The row says by this number how it is sealed.
#[test]
fn the_number_of_the_format() {
    assert_eq!(FORMAT, 1);
}

#[test]
fn a_secret_with_its_note() {
    let sealed = SealedSecret {
        key_id: key_id(MASTER_ID),
        text: SEALED_SECRET.into(),
        note: Some(SEALED_NOTE.into()),
    };
    let binding = Binding {
        secret: SecretId::from_uuid(SECRET),
        expires_at: EXPIRES_AT,
    };
    let (text, note) = master().open(&token(), binding, &sealed).unwrap();
    assert_eq!(text.expose(), TEXT);
    assert_eq!(note.as_ref().map(NoteText::expose), Some(NOTE));
}

#[test]
fn a_parcel_with_a_note() {
    let parcel = parcel(PARCEL);
    assert_eq!(*parcel.token.encode(), TOKEN);
    assert_eq!(parcel.note.as_ref().map(NoteText::expose), Some(NOTE));
}

#[test]
fn a_parcel_without_a_note() {
    let parcel = parcel(PARCEL_WITHOUT_NOTE);
    assert_eq!(*parcel.token.encode(), TOKEN);
    assert!(parcel.note.is_none());
}

#[test]
fn a_response_url_in_a_dialog() {
    let (team, user) = person();
    let opened = delivery().open_response_url_of_dialog(&team, &user, RESPONSE_URL_OF_DIALOG);
    assert_eq!(opened.unwrap().expose(), URL);
}

#[test]
fn a_response_url_in_the_row_of_a_receipt() {
    let sealed = SealedParcel {
        key_id: key_id(DELIVERY_ID),
        content: RESPONSE_URL_OF_RECEIPT.into(),
    };
    let (receipt, secret) = row();
    let opened = delivery().open_response_url(receipt, secret, &sealed);
    assert_eq!(opened.unwrap().expose(), URL);
}

#[test]
fn a_confirmation() {
    assert_eq!(confirmed().at, MADE_AT);
    let only = MasterKeys::parse(&SecretString::from(MASTER)).unwrap();
    assert_eq!(only.confirm(&token().hash(), MADE_AT), CONFIRMATION);
}

#[test]
fn what_stands_for_a_confirmation() {
    for (address, browser, expected) in [
        (Some("192.0.2.7"), Some("Browser/1"), BY_IPV4),
        (Some("2001:db8::7"), Some("Browser/1"), BY_IPV6),
        (None, None, BY_NOTHING),
    ] {
        let address = address.map(|address| address.parse().unwrap());
        let by = confirmed().by(address, browser);
        assert_eq!(hex::encode(by.as_bytes()), expected, "{address:?}");
    }
}
