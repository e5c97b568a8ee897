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
/// The bytes 96 to 127.
const SHARE: &str = "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f";
/// A key that came later, and seals.
const NEWER: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

const SECRET: Uuid = Uuid::from_u128(0x01a2_1000_0001_7001_8001_0000_0000_0001);
const ROW: Uuid = Uuid::from_u128(0x01a2_1000_0002_7002_8002_0000_0000_0002);
const EXPIRES_AT: Timestamp = Timestamp::from_millis(1_795_464_180_000);
const LINK_EXPIRES_AT: Timestamp = Timestamp::from_millis(1_795_460_700_000);
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
const SHARE_HASH: &str = "c0b41ac311debffbb5e5bb1681ca5876f06662d57c84c7021e754cecd289abcc";
const SECRET_OF_SHARE: &str = "gAAAAABrBI3kbxw1V5u_NgfubwVNF5t6YnXj0H5QaAi3qvhL-I5ALE0DzAJ5y362ocVIzRMWwhm9609BRudp6VUFwQqJBLHuo8QBtwEFoGl8wAqEb6eBCV0=";
const PARCEL_OF_SHARE: &str = "gAAAAABrBI3kN0fVejDX8ukabvV1XSHaDBu2yKdkb3404cyAScNg9K6pR-fq9M8mkWJBU6TMWoayCXf8fTrAGb3SYmhxFrUdtn-SmRk899IHo2RA4NBQ3QkO2nzZ1f0aJw2lm84ALdLA";
const BUTTON: &str = "600bddd179954f88.gAAAAABrBI3kGzFaxX6uu1yxO8tE2NLSATfAGytr328MdXqsrRPXkkaJ3f8vKDngxipL6iuLF6iLadEWOusogxqPTnAdoCHgbTzJvQwa7nras5u6rkD2EdJu3BOaMmYUfXhcUCi4_F7-";
const SHARE_OF_LINK: &str = "gAAAAABrBI3kA7ilpwPp0_gzYSLmQm5F35QPqgJbqaC8Vp7aIF8cYNaKGNHUUbkh92Jl7ziywAZ7nF6MRzDK1YZUCVpxj0fthh93IlgcRW22m6bMDrBAZX5PzA2Ywu3SuUy-Vq_xdFaJ";
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

fn share() -> Share {
    Share::from_slice(&hex::decode(SHARE).unwrap()).unwrap()
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

fn parcel(way: Way, content: &str) -> Parcel {
    let sealed = SealedParcel {
        key_id: key_id(DELIVERY_ID),
        content: content.into(),
    };
    let (delivery_row, secret) = row();
    delivery().open(delivery_row, secret, way, &sealed).unwrap()
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

/// The row says by these numbers how it is sealed.
#[test]
fn the_numbers_of_the_formats() {
    assert_eq!([FORMAT, SHARE_FORMAT], [1, 2]);
}

#[test]
fn the_hash_of_a_share() {
    assert_eq!(hex::encode(share().hash().as_bytes()), SHARE_HASH);
}

#[test]
fn a_secret_that_goes_with_a_share() {
    let sealed = SealedSecret {
        key_id: key_id(MASTER_ID),
        text: SECRET_OF_SHARE.into(),
        note: None,
    };
    let binding = Binding {
        secret: SecretId::from_uuid(SECRET),
        expires_at: EXPIRES_AT,
    };
    let (text, _) = master().open(&share(), binding, &sealed).unwrap();
    assert_eq!(text.expose(), TEXT);
}

#[test]
fn a_parcel_with_a_share() {
    let parcel = parcel(Way::Share, PARCEL_OF_SHARE);
    assert!(parcel.half.hash() == share().hash());
    assert_eq!(parcel.note.as_ref().map(NoteText::expose), Some(NOTE));
}

#[test]
fn a_share_in_a_button() {
    let secret = SecretId::from_uuid(SECRET);
    let opened = delivery().open_share_of_button(secret, &SecretString::from(BUTTON));
    assert!(opened.unwrap().hash() == share().hash());
}

#[test]
fn a_share_in_the_row_of_a_link() {
    let sealed = SealedShare {
        key_id: key_id(MASTER_ID),
        content: SHARE_OF_LINK.into(),
    };
    let binding = LinkBinding {
        secret: SecretId::from_uuid(SECRET),
        expires_at: LINK_EXPIRES_AT,
    };
    let opened = master().open_share(&token(), binding, &sealed).unwrap();
    assert!(opened.hash() == share().hash());
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
    let parcel = parcel(Way::Link, PARCEL);
    assert!(parcel.half.hash() == token().hash());
    assert_eq!(parcel.note.as_ref().map(NoteText::expose), Some(NOTE));
}

#[test]
fn a_parcel_without_a_note() {
    let parcel = parcel(Way::Link, PARCEL_WITHOUT_NOTE);
    assert!(parcel.half.hash() == token().hash());
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
