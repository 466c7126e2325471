//go:build ignore

// A partner's back end in Go, over go-jose 4: it prints the address that the partner's
// app opens, AT and all. Suite A256.
//
//	go mod init example && go get github.com/go-jose/go-jose/v4@v4.1.4 && go run partner.go
//
// It needs sig.private.pem and enc.private.pem, the private halves of the application's
// registered keys.
package main

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	gateway = "https://gateway.bank.example" // also the issuer
	client  = "app_test_example"
	service = "urn:h5:example"
	keyID   = "example-key-1" // of the signature key
)

func main() {
	log.SetFlags(0)
	address, err := address()
	if err != nil {
		log.Fatal(err)
	}
	// C: the app opens this address in a webView, at once and once. Do not log it.
	fmt.Println(address)
}

// address asks for an AT (step B) and puts it behind the page's address.
func address() (string, error) {
	assertion, err := assertion()
	if err != nil {
		return "", err
	}
	response, err := http.PostForm(gateway+"/oauth/token", url.Values{
		"grant_type":            {"client_credentials"},
		"resource":              {service},
		"subject":               {"user-7781"}, // your own opaque id of whoever is going to open the page
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
		H5URL       string `json:"h5_url"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
		RequestID   string `json:"request_id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s (%s)", answer.Error, answer.Description, answer.RequestID)
	}
	at, err := open(answer.AccessToken)
	return answer.H5URL + "#at=" + at, err
}

// assertion says who asks (RFC 7523). It is good once, and for a minute. go-jose writes
// an audience of one as a string, which is what the gateway takes.
func assertion() (string, error) {
	key, err := privateKey("sig.private.pem")
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, nil)
	if err != nil {
		return "", err
	}
	now := time.Now()
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: client, Subject: client, Audience: jwt.Audience{gateway}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
}

// open takes the AT out of the envelope, which is sealed to the application's own
// encryption key: the app never sees that one.
func open(envelope string) (string, error) {
	sealed, err := jose.ParseEncryptedCompact(envelope, []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return "", err
	}
	key, err := privateKey("enc.private.pem")
	if err != nil {
		return "", err
	}
	at, err := sealed.Decrypt(key)
	return string(at), err
}

func privateKey(file string) (any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM", file)
	}
	return x509.ParsePKCS8PrivateKey(block.Bytes)
}
