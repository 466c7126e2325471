"""A partner's back end in Python, over cryptography and requests: it prints the address
that the partner's app opens, AT and all. Suite A256.

    pip install cryptography requests && python3 partner.py

It needs sig.private.pem and enc.private.pem, the private halves of the application's
registered keys. In production take a JOSE library; this shows what one does.
"""

import base64
import json
import secrets
import sys
import time

import requests
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

GATEWAY = "https://gateway.bank.example"  # also the issuer
CLIENT = "app_test_example"
SERVICE = "urn:h5:example"
KEY_ID = "example-key-1"  # of the signature key


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private_key(file):
    with open(file, "rb") as pem:
        return serialization.load_pem_private_key(pem.read(), None)


def assertion():
    """Says who asks (RFC 7523). It is good once, and for a minute."""
    now = int(time.time())
    header = {"alg": "ES256", "kid": KEY_ID}
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": GATEWAY, "jti": secrets.token_urlsafe(16), "iat": now, "exp": now + 60}
    signed = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
    der = private_key("sig.private.pem").sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)  # r and s, as RFC 7518 section 3.4 wants
    return signed + "." + encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def unseal(envelope):
    """Takes the AT out of the envelope, which is sealed to the application's own key that
    the app never sees: ECDH-ES+A256KW, A256GCM (RFC 7518 sections 4.6 and 5.3)."""
    head, wrapped, iv, content, tag = envelope.split(".")
    header = json.loads(decode(head))
    if (header["alg"], header["enc"]) != ("ECDH-ES+A256KW", "A256GCM"):
        sys.exit(f"sealed otherwise: {header}")
    x, y = (int.from_bytes(decode(header["epk"][name]), "big") for name in ("x", "y"))
    point = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    secret = private_key("enc.private.pem").exchange(ec.ECDH(), point)
    algorithm = header["alg"].encode()
    info = len(algorithm).to_bytes(4, "big") + algorithm + bytes(8) + (256).to_bytes(4, "big")
    wrapping = ConcatKDFHash(algorithm=hashes.SHA256(), length=32, otherinfo=info).derive(secret)
    key = keywrap.aes_key_unwrap(wrapping, decode(wrapped))
    return AESGCM(key).decrypt(decode(iv), decode(content) + decode(tag), head.encode()).decode()


def address():
    """Asks for an AT (step B) and puts it behind the page's address."""
    response = requests.post(
        GATEWAY + "/oauth/token",
        timeout=10,
        data={
            "grant_type": "client_credentials",
            "resource": SERVICE,
            "subject": "user-7781",  # your own opaque id of whoever is going to open the page
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion(),
        },
    )
    answer = response.json()
    if not response.ok:
        sys.exit(f"{answer['error']}: {answer['error_description']} ({answer['request_id']})")
    return answer["h5_url"] + "#at=" + unseal(answer["access_token"])


# C: the app opens this address in a webView, at once and once. Do not log it.
print(address())
