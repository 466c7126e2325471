package demo

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/seal"
	"postern/app/store"
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
	held := folder{database: filepath.Join(o.Data, "postern.db"), partners: map[string]partnerKeys{}}
	var err error
	if held.master, err = openMaster(filepath.Join(o.Data, "master.key"), held.database, o.Rand); err != nil {
		return folder{}, err
	}
	for _, id := range clientIDs() {
		keys, err := openPartnerKeys(filepath.Join(o.Data, "partners"), id, o.Rand)
		if err != nil {
			return folder{}, fmt.Errorf("keys of %s: %w", id, err)
		}
		held.partners[id] = keys
	}
	return held, nil
}

// openMaster draws a master key only where no database is: one that was sealed
// under another key would stay shut, and the new key would pass for the lost one.
func openMaster(path, database string, random io.Reader) (*keyring.Master, error) {
	_, err := readOrMake(path, func() ([]byte, error) {
		if _, err := os.Stat(database); !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(fmt.Errorf("%s is missing: without it nothing opens the keys in %s; put it back, or delete %s to begin anew",
				path, database, filepath.Dir(path)), err)
		}
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
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return master, nil
}

// check holds the partners' keys against those that the database knows: a key
// whose file was deleted has just been drawn anew, and the bank, which takes no
// key from a file, would refuse that partner without saying why.
func (f folder) check(ctx context.Context, s *store.Store) error {
	for _, id := range clientIDs() {
		known, err := s.ApplicationProfile(ctx, id)
		if errs.KindOf(err) == errs.NotFound {
			continue // to be seeded with these keys
		}
		if err != nil {
			return fmt.Errorf("read keys of %s: %w", id, err)
		}
		own := map[string]*seal.PrivateKey{}
		for _, key := range []*seal.PrivateKey{f.partners[id].Signing, f.partners[id].Encryption} {
			own[key.Public().KID()] = key
		}
		for _, registered := range known.Credentials {
			key, held := own[registered.KID]
			if !held {
				continue // staff's, not the demo's
			}
			public, err := json.Marshal(key.Public())
			if err != nil {
				return fmt.Errorf("write public key: %w", err)
			}
			if string(public) != registered.PublicJWK {
				return fmt.Errorf("%w: %s", errForeignKey, registered.KID)
			}
		}
	}
	return nil
}

var errForeignKey = errors.New("a partner's key is not the one that the database has on record")

// advice is what to do about data that cannot be gone on with; "" where deleting
// it would not help.
func (o Options) advice(err error) string {
	switch {
	case errors.Is(err, errForeignKey):
		return fmt.Sprintf("put the files back that were in %s, or delete %s to begin anew", filepath.Join(o.Data, "partners"), o.Data)
	case errors.Is(err, keyring.ErrMasterKey):
		return fmt.Sprintf("put the right %s back, or delete %s to begin anew", filepath.Join(o.Data, "master.key"), o.Data)
	case store.Damaged(err), errors.Is(err, errNoStaff):
		return fmt.Sprintf("delete %s to begin anew", o.Data)
	}
	return ""
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
