#!/bin/sh
# A partner's back end in a shell, to look at the answer: curl and openssl. Suite A256.
#
#   sh partner.sh
#
# It needs sig.private.pem, the private half of a registered signature key. What comes is
# sealed to the application's encryption key; the other samples open it.
set -eu

GATEWAY=https://gateway.bank.example
CLIENT_ID=app_test_example
SERVICE=urn:h5:example
KEY_ID=example-key-1

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# An ES256 signature is r and s, 32 octets each (RFC 7518 section 3.4); openssl writes
# them as two DER integers.
es256() {
	openssl dgst -sha256 -sign sig.private.pem | openssl asn1parse -inform DER |
		sed -n 's/.*INTEGER *:\([0-9A-F]*\)$/0000000000000000000000000000000000000000000000000000000000000000\1/p' |
		sed 's/.*\(.\{64\}\)$/\1/' | tr -d '\n' | sed 's/../\\x&/g' | xargs -0 printf '%b'
}

# The assertion says who asks (RFC 7523). It is good once, and for a minute.
now=$(date +%s)
header=$(printf '{"alg":"ES256","kid":"%s"}' "$KEY_ID" | base64url)
claims=$(printf '{"iss":"%s","sub":"%s","aud":"%s","jti":"%s","iat":%d,"exp":%d}' \
	"$CLIENT_ID" "$CLIENT_ID" "$GATEWAY" "$(openssl rand -hex 16)" "$now" "$((now + 60))" | base64url)
assertion=$header.$claims.$(printf '%s' "$header.$claims" | es256 | base64url)

curl --silent --show-error "$GATEWAY/oauth/token" \
	--data-urlencode grant_type=client_credentials \
	--data-urlencode "resource=$SERVICE" \
	--data-urlencode subject=user-7781 \
	--data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
	--data-urlencode "client_assertion=$assertion"
