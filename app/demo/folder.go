package demo

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"postern/app/keyring"
	"postern/app/seal"
)

// folder is what the data folder holds beside the database.
type folder struct {
	database string
	master   *keyring.Master
	partners map[string]partnerKeys // by client_id
}

// partnerKeys are an application's private keys: a real partner's never come
// near the bank, and these stay out of its database too.
type partnerKeys struct {
	Signing    *seal.PrivateKey
	Encryption *seal.PrivateKey
}

// openFolder reads the data folder, and makes on a first start what is not
// there: a master key and the partners' keys, readable by their owner only.
func openFolder(o Options) (folder, error) {
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return folder{}, fmt.Errorf("make data folder: %w", err)
	}
	master, err := openMaster(filepath.Join(o.Data, "master.key"), o.Rand)
	if err != nil {
		return folder{}, err
	}
	held := folder{database: filepath.Join(o.Data, "postern.db"), master: master, partners: map[string]partnerKeys{}}
	for _, id := range clientIDs() {
		keys, err := openPartnerKeys(filepath.Join(o.Data, "partners"), id, o.Rand)
		if err != nil {
			return folder{}, fmt.Errorf("keys of %s: %w", id, err)
		}
		held.partners[id] = keys
	}
	return held, nil
}

func openMaster(path string, random io.Reader) (*keyring.Master, error) {
	_, err := readOrMake(path, func() ([]byte, error) {
		key := make([]byte, keyring.MasterKeySize)
		if _, err := io.ReadFull(random, key); err != nil {
			return nil, fmt.Errorf("draw master key: %w", err)
		}
		return []byte(hex.EncodeToString(key) + "\n"), nil
	})
	if err != nil {
		return nil, err
	}
	master, err := keyring.ReadMasterFile(path)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	return master, nil
}

func openPartnerKeys(directory, clientID string, random io.Reader) (keys partnerKeys, err error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return keys, fmt.Errorf("make folder: %w", err)
	}
	path := filepath.Join(directory, clientID)
	if keys.Signing, err = openKey(path+"-sig.jwk", seal.Signing, clientID+"-sig-1", random); err != nil {
		return keys, err
	}
	keys.Encryption, err = openKey(path+"-enc.jwk", seal.Encryption, clientID+"-enc-1", random)
	return keys, err
}

func openKey(path string, use seal.Use, kid string, random io.Reader) (*seal.PrivateKey, error) {
	text, err := readOrMake(path, func() ([]byte, error) {
		key, err := seal.Generate(seal.A256, use, kid, random)
		if err != nil {
			return nil, fmt.Errorf("make key: %w", err)
		}
		return json.Marshal(key)
	})
	if err != nil {
		return nil, err
	}
	key, err := seal.ParsePrivateJWK(text)
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", filepath.Base(path), err)
	}
	return key, nil
}

// readOrMake returns a file's content; a file that is not there is made first.
// It is written under another name, so that a demo stopped in between leaves
// no half of a key behind.
func readOrMake(path string, content func() ([]byte, error)) ([]byte, error) {
	text, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if text, err = content(); err != nil {
		return nil, err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return nil, err
	}
	return text, os.Rename(path+".new", path)
}
