//go:build ignore

// A partner's back end, step B of docs/protocol.md over go-jose: it prints the
// address that the partner's app opens, AT and all. Suite A256.
//
//	go run docs/examples/partner.go
//
// Settings come from the environment; the defaults fit `go run . demo`, started
// in the same folder. With --base-port 18080 or --data elsewhere:
//
//	GATEWAY=http://localhost:18080 KEYS=elsewhere/partners go run docs/examples/partner.go
//
// Open what it prints in a browser: the bank's page is there.
//
// Against a gateway of one's own (docs/first-visit.md), the application needs
// keys first; this makes both pairs, private and public:
//
//	go run docs/examples/partner.go make-keys FOLDER CLIENT_ID
package main

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

var (
	gateway = cmp.Or(os.Getenv("GATEWAY"), "http://localhost:8080") // also the issuer
	client  = cmp.Or(os.Getenv("CLIENT_ID"), "lianhe-travel-app")
	service = cmp.Or(os.Getenv("SERVICE"), "urn:h5:loan")
	keys    = cmp.Or(os.Getenv("KEYS"), "postern-data/partners")
)

func main() {
	log.SetFlags(0)
	if args := os.Args[1:]; len(args) > 0 {
		if len(args) != 3 || args[0] != "make-keys" {
			log.Fatal("want no arguments, or make-keys FOLDER CLIENT_ID")
		}
		if err := makeKeys(args[1], args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	address, err := address()
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		log.Fatalf("is the demo running at %s? GATEWAY= names another gateway: %v", gateway, err)
	case errors.Is(err, fs.ErrNotExist):
		log.Fatalf("no keys of %s in %s: CLIENT_ID= names the application and KEYS= their folder; the demo makes its own when it runs: %v", client, keys, err)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(address)
}

// address obtains an AT and puts it behind the page's address (section 4).
func address() (string, error) {
	assertion, err := assertion()
	if err != nil {
		return "", fmt.Errorf("sign assertion: %w", err)
	}
	response, err := http.PostForm(gateway+"/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "resource": {service}, "subject": {"user-7781"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
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
		return "", fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s (%s)", answer.Error, answer.Description, answer.RequestID)
	}
	at, err := open(answer.AccessToken)
	if err != nil {
		return "", fmt.Errorf("open AT: %w", err)
	}
	return answer.H5URL + "#at=" + at, nil
}

// assertion proves who asks: private_key_jwt, good once (section 3). aud is
// one string and no list, which is how go-jose writes an audience of one.
func assertion() (string, error) {
	key, err := privateKey("sig")
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		return "", err
	}
	now := time.Now()
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: client, Subject: client, Audience: jwt.Audience{gateway}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
}

// open takes the AT out of the envelope with the partner's own key.
func open(envelope string) (string, error) {
	sealed, err := jose.ParseEncryptedCompact(envelope, []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return "", err
	}
	key, err := privateKey("enc")
	if err != nil {
		return "", err
	}
	at, err := sealed.Decrypt(key)
	return string(at), err
}

func privateKey(use string) (key jose.JSONWebKey, err error) {
	text, err := os.ReadFile(filepath.Join(keys, client+"-"+use+".jwk"))
	if err == nil {
		err = json.Unmarshal(text, &key)
	}
	return key, err
}

// makeKeys makes what an application of suite A256 needs: a pair to sign with
// and a pair to encrypt to. The *.pub.jwk are for the bank. It writes over
// nothing.
func makeKeys(folder, client string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, purpose := range [][2]string{{"sig", string(jose.ES256)}, {"enc", string(jose.ECDH_ES_A256KW)}} {
		use, alg := purpose[0], purpose[1]
		pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		name := client + "-" + use
		// A kid is the key's for good: the next key gets another.
		key := jose.JSONWebKey{Key: pair, KeyID: name + "-" + rand.Text()[:8], Use: use, Algorithm: alg}
		if err := writeKey(filepath.Join(folder, name+".jwk"), key, 0o600); err != nil {
			return err
		}
		if err := writeKey(filepath.Join(folder, name+".pub.jwk"), key.Public(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func writeKey(path string, key jose.JSONWebKey, mode fs.FileMode) error {
	text, err := json.Marshal(key)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(text, '\n')); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return err
	}
	fmt.Println(path)
	return nil
}
