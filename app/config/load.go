package config

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Sources are where a configuration comes from, the weakest first.
type Sources struct {
	File   string // a YAML file; empty for none
	Getenv func(string) string
	Flags  []Flag
}

// Flag is a setting from the command line.
type Flag struct{ Name, Key, Text string }

// given is a setting's text and where it stands.
type given struct{ text, origin string }

// layer is what one source gives, by key.
type layer map[string]given

// loader puts layers over each other.
type loader struct {
	config      Config
	settings    []Setting
	origins     map[string]string // where each setting's value stands
	credentials string            // folder in which systemd puts a service's secrets; empty for none
	faults      Faults
}

// Load reads a configuration. Whatever is wrong with it is in the faults; what
// is right is in the Config all the same, so that a caller may go on checking.
func Load(s Sources) (Config, Faults) {
	l := &loader{config: Default(), origins: map[string]string{}, credentials: s.Getenv("CREDENTIALS_DIRECTORY")}
	l.settings = settings(&l.config)
	l.config.origins = map[string]Origin{}
	if s.File != "" {
		l.apply(FromFile, l.readFile(s.File))
	}
	l.apply(FromEnvironment, l.environment(s.Getenv))
	l.apply(FromFlag, flags(s.Flags))
	l.check()
	return l.config, l.faults
}

func (l *loader) fault(key, origin, format string, args ...any) {
	l.faults = append(l.faults, Fault{Key: key, Origin: origin, Problem: fmt.Sprintf(format, args...)})
}

func (l *loader) environment(getenv func(string) string) layer {
	found := layer{}
	take := func(key, variable string) {
		if text := getenv(variable); text != "" {
			found[key] = given{text, variable}
		}
	}
	for _, s := range l.settings {
		if s.Listed {
			continue
		}
		take(s.Key, s.Variable())
		if s.Secret() {
			take(s.fileKey(), s.FileVariable())
		}
	}
	return found
}

func flags(list []Flag) layer {
	found := layer{}
	for _, f := range list {
		found[f.Key] = given{f.Text, "--" + f.Name}
	}
	return found
}

// apply takes over what a layer gives.
func (l *loader) apply(kind OriginKind, from layer) {
	for _, s := range l.settings {
		if file, ok := from[s.fileKey()]; ok && s.Secret() {
			if own, twice := from[s.Key]; twice {
				l.fault(s.Key, own.origin, "is also given by %s; keep one", file.origin)
			}
			l.take(s, kind, file, func(path string) error {
				text, err := readSecret(path, l.mayShare(path))
				if err != nil {
					return err
				}
				return s.set(text)
			})
		} else if own, ok := from[s.Key]; ok {
			l.take(s, kind, own, s.set)
		}
	}
}

func (l *loader) take(s Setting, kind OriginKind, g given, set func(string) error) {
	l.origins[s.Key] = g.origin
	l.config.origins[s.Key] = Origin{kind, g.origin}
	if err := set(g.text); err != nil {
		l.fault(s.Key, g.origin, "%s", err)
	}
}

// mayShare reports whether a file is a credential of systemd's: those are root's,
// and a list of its own lets the service read them, which a mode shows as its group.
func (l *loader) mayShare(path string) bool {
	return l.credentials != "" && filepath.Dir(filepath.Clean(path)) == filepath.Clean(l.credentials)
}

// maxSecret bounds a file that should hold a secret: the wrong file may be long.
const maxSecret = 16 << 10

// readSecret reads a secret from a file that only its owner may read; where it
// may be shared, what a service manager lets the service read will do.
func readSecret(path string, shared bool) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	others := fs.FileMode(0o077)
	if shared {
		others = 0o037
	}
	if info.Mode().Perm()&others != 0 {
		return "", fmt.Errorf("%s is readable by others; chmod 600 it", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxSecret:
		return "", fmt.Errorf("%s is over %d octets; it should hold the secret and nothing else", path, maxSecret)
	}
	return strings.TrimSpace(string(text)), nil
}
