#!/bin/sh
# A partner's back end in a shell, for an application that proves itself by a secret, to
# look at the answer: curl. Suite A256.
#
#   CLIENT_SECRET=… sh partner-secret.sh
#
# The secret comes from the environment and goes to curl by its standard input: what
# stands on a command line every user of the machine can read.
set -eu

GATEWAY=https://gateway.bank.example
CLIENT_ID=app_test_example
SERVICE=urn:h5:example

# Both halves are in base64url and so need no form-encoding (RFC 6749 section 2.3.1).
printf 'user = "%s:%s"\n' "$CLIENT_ID" "$CLIENT_SECRET" |
	curl --silent --show-error --config - "$GATEWAY/oauth/token" \
		--data-urlencode grant_type=client_credentials \
		--data-urlencode "resource=$SERVICE" \
		--data-urlencode subject=user-7781
