//! HKDF-SHA256 (RFC 5869), the one way by which keys and key ids come from keys.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::key::{KEY_LEN, Key, KeyId};

/// Derives a Fernet key, in the encoding that [`fernet::Fernet`] takes.
pub(super) fn fernet_key(salt: &[u8], input: &[u8], info: &[&[u8]]) -> Zeroizing<String> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    expand(salt, input, info, key.as_mut_slice());
    Zeroizing::new(URL_SAFE.encode(key.as_slice()))
}

/// Derives a key for message authentication, under a label that no other derivation uses.
pub(super) fn mac_key(key: &Key, label: &[u8]) -> Key {
    let mut derived = Zeroizing::new([0; KEY_LEN]);
    expand(
        &[],
        key.as_slice(),
        &[b"secure-secret/mac/", label],
        derived.as_mut_slice(),
    );
    derived
}

/// Derives the id of a key, under a label that no other derivation uses.
pub(super) fn key_id(key: &Key, label: &[u8]) -> KeyId {
    let mut id = [0; KeyId::LEN];
    expand(
        &[],
        key.as_slice(),
        &[b"secure-secret/key-id/", label],
        &mut id,
    );
    KeyId(id)
}

/// RFC 5869, extract and expand. The only error of expansion is an output of more than 255 hashes.
fn expand(salt: &[u8], input: &[u8], info: &[&[u8]], output: &mut [u8]) {
    let expanded = Hkdf::<Sha256>::new(Some(salt), input).expand_multi_info(info, output);
    debug_assert!(expanded.is_ok(), "outputs here are at most 82 bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        hex::decode(hex).unwrap()
    }

    /// RFC 5869, appendix A, the SHA-256 test cases 1 to 3.
    #[test]
    fn the_vectors_of_rfc_5869_hold() {
        let long = |from: u8| (from..=from + 0x4f).collect::<Vec<u8>>();
        let cases = [
            (
                vec![0x0b; 22],
                bytes("000102030405060708090a0b0c"),
                bytes("f0f1f2f3f4f5f6f7f8f9"),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
            ),
            (
                long(0x00),
                long(0x60),
                long(0xb0),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41\
                 c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
            ),
            (
                vec![0x0b; 22],
                vec![],
                vec![],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
            ),
        ];
        for (input, salt, info, expected) in cases {
            let expected = bytes(expected);
            let mut output = vec![0; expected.len()];
            expand(&salt, &input, &[&info], &mut output);
            assert_eq!(output, expected);
            let (head, tail) = info.split_at(info.len() / 2);
            expand(&salt, &input, &[head, tail], &mut output);
            assert_eq!(output, expected, "info in pieces is the same info");
        }
    }
}
