"""Makes the constants of vectors.rs, by another implementation than the one that they test.

HKDF, HMAC and SHA-256 come from Python's standard library, Fernet from https://pypi.org/project/cryptography.
Times and initialization vectors are fixed, so that every run prints the same:

    python3 shared/src/crypto/vectors.py
"""

import base64
import hashlib
import hmac
import uuid

from cryptography.fernet import Fernet


def hkdf(salt, key, info, length=32):
    """RFC 5869."""
    pseudorandom = hmac.new(salt or bytes(32), key, hashlib.sha256).digest()
    output, block, count = b"", b"", 1
    while len(output) < length:
        block = hmac.new(pseudorandom, block + info + bytes([count]), hashlib.sha256).digest()
        output, count = output + block, count + 1
    return output[:length]


def fernet(salt, key, info, plaintext, number):
    derived = base64.urlsafe_b64encode(hkdf(salt, key, info))
    vector = hashlib.sha256(b"vector %d" % number).digest()[:16]
    return Fernet(derived)._encrypt_from_parts(plaintext, 1_795_460_580, vector).decode()


MASTER = bytes(range(32))
DELIVERY = bytes(range(31, -1, -1))
TOKEN = bytes(range(64, 96))
SECRET = uuid.UUID("01a21000-0001-7001-8001-000000000001").bytes
ROW = uuid.UUID("01a21000-0002-7002-8002-000000000002").bytes
EXPIRES_AT = (1_795_464_180_000).to_bytes(8, "big")
MADE_AT = (1_795_460_580_000).to_bytes(8, "big")
SHARE = bytes(range(96, 128))
LINK_EXPIRES_AT = (1_795_460_700_000).to_bytes(8, "big")
TEAM, USER = b"T0SCHOOL", b"U0ALICE"
URL = b"https://hooks.slack.com/commands/T0SCHOOL/1/vector"
FORMAT = b"\x01"

master_id = hkdf(b"", MASTER, b"secure-secret/key-id/master", 8)
delivery_id = hkdf(b"", DELIVERY, b"secure-secret/key-id/delivery", 8)


SHARE_FORMAT = b"\x02"


def of_secret(purpose, format=FORMAT):
    return b"secure-secret/fernet" + format + purpose + master_id + SECRET + EXPIRES_AT


parcel = b"secure-secret/delivery" + FORMAT + delivery_id + ROW + SECRET
share_parcel = b"secure-secret/delivery" + SHARE_FORMAT + delivery_id + ROW + SECRET
button = b"secure-secret/share/button" + SHARE_FORMAT + delivery_id + SECRET
link = b"secure-secret/share/link" + SHARE_FORMAT + master_id + SECRET + LINK_EXPIRES_AT
dialog = b"secure-secret/response-url/dialog" + FORMAT + delivery_id + TEAM + b"\0" + USER
receipt = b"secure-secret/response-url/receipt" + FORMAT + delivery_id + ROW + SECRET

token_hash = hashlib.sha256(TOKEN).digest()
mac_key = hkdf(b"", MASTER, b"secure-secret/mac/confirmation/1")
mac = hmac.new(mac_key, token_hash + MADE_AT, hashlib.sha256).digest()
confirmation = MADE_AT + mac


def by(address, browser):
    hashed = b"confirmed-by/1" + confirmation
    hashed += b"\0" if address is None else bytes([16]) + address
    hashed += b"\0" if browser is None else b"\1" + browser
    return hashlib.sha256(hashed).hexdigest()


for name, value in {
    "MASTER_ID": master_id.hex(),
    "DELIVERY_ID": delivery_id.hex(),
    "TOKEN_HASH": token_hash.hex(),
    "SEALED_SECRET": fernet(MASTER, TOKEN, of_secret(b"\1"), "hunter2 für später 🔑".encode(), 1),
    "SEALED_NOTE": fernet(MASTER, TOKEN, of_secret(b"\2"), b"for the VPN", 2),
    "PARCEL": fernet(b"", DELIVERY, parcel, TOKEN + b"for the VPN", 3),
    "PARCEL_WITHOUT_NOTE": fernet(b"", DELIVERY, parcel, TOKEN, 4),
    "RESPONSE_URL_OF_DIALOG": delivery_id.hex() + "." + fernet(b"", DELIVERY, dialog, URL, 5),
    "RESPONSE_URL_OF_RECEIPT": fernet(b"", DELIVERY, receipt, URL, 6),
    "SHARE_HASH": hashlib.sha256(b"secure-secret/share/1\0" + SHARE).hexdigest(),
    "SECRET_OF_SHARE": fernet(MASTER, SHARE, of_secret(b"\1", SHARE_FORMAT), "hunter2 für später 🔑".encode(), 7),
    "PARCEL_OF_SHARE": fernet(b"", DELIVERY, share_parcel, SHARE + b"for the VPN", 8),
    "BUTTON": delivery_id.hex() + "." + fernet(b"", DELIVERY, button, SHARE, 9),
    "SHARE_OF_LINK": fernet(MASTER, TOKEN, link, SHARE, 10),
    "CONFIRMATION": base64.urlsafe_b64encode(confirmation).decode().rstrip("="),
    "BY_IPV4": by(bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 7]), b"Browser/1"),
    "BY_IPV6": by(bytes.fromhex("20010db8000000000000000000000007"), b"Browser/1"),
    "BY_NOTHING": by(None, None),
}.items():
    print(f'const {name}: &str = "{value}";')
