package config

import (
	"slices"
	"strings"
)

// OriginKind is what kind of place a setting's value stands in.
type OriginKind string

// The kinds, the weakest first. What stands in the database is not Load's; see
// package settings.
const (
	FromDefault     OriginKind = ""
	FromConsole     OriginKind = "console"
	FromFile        OriginKind = "file"
	FromEnvironment OriginKind = "environment"
	FromFlag        OriginKind = "flag"
	FromProgram     OriginKind = "program" // no default, and stands nowhere: whoever opened the gateway gave it, as the demo does
)

// Origin is where a setting's value stands: Where is a file and its line, a
// variable or a flag.
type Origin struct {
	Kind  OriginKind
	Where string
}

// Shown is a setting as people may see it: of a secret only whether there is one.
type Shown struct {
	Key            string
	Value, Default string // as the file would have them; empty for a secret
	Type, Bounds   string
	Secret, Set    bool
	Origin         Origin
}

// Shown lists all settings as people may see them.
func (c Config) Shown() []Shown {
	standard := map[string]string{}
	for _, s := range slices.Concat(Settings(), FeedSettings()) {
		standard[s.Key] = s.Default()
	}
	var list []Shown
	for _, s := range settings(&c) {
		one := Shown{Key: s.Key, Type: s.Type(), Bounds: s.Bounds(), Secret: s.Secret(), Origin: c.Origin(s.Key)}
		if one.Secret {
			one.Set = s.text() != ""
		} else {
			one.Value, one.Default = s.text(), standard[s.Key]
		}
		if one.Origin.Kind == FromDefault && (one.Set || one.Value != one.Default) {
			one.Origin.Kind = FromProgram
		}
		list = append(list, one)
	}
	return list
}

// Origin is where a setting stands; FromDefault where nothing says it.
func (c Config) Origin(key string) Origin {
	if o, ok := c.origins[key]; ok || !strings.HasPrefix(key, feedsKey+"[") {
		return o
	}
	return Origin{Kind: FromFile} // the list stands in the file or nowhere
}

// Public is the configuration without the texts of its secrets; which of them are
// set still shows.
func (c Config) Public() Config {
	c.Feeds = slices.Clone(c.Feeds)
	for _, s := range settings(&c) {
		if secret, ok := s.value.Addr().Interface().(*Secret); ok && secret.Set() {
			*secret = NewSecret(redacted)
		}
	}
	return c
}

// Changeable reports whether a setting may be changed while gateways run, in the
// console: how long rows are kept, and the rules of alerts.
func Changeable(key string) bool {
	return strings.HasPrefix(key, "retention.") || strings.HasPrefix(key, "alerts.rules.")
}

// With is the configuration with other values for changeable settings, held to the
// bounds that the file is held to. What neither may be changed nor fits is a
// fault and stays as it was.
func (c Config) With(values map[string]string) (Config, Faults) {
	var faults Faults
	known := map[string]Setting{}
	for _, s := range settings(&c) {
		known[s.Key] = s
	}
	for key, text := range values {
		s, ok := known[key]
		if !ok || !Changeable(key) {
			faults = append(faults, Fault{Key: key, Problem: "cannot be changed while gateways run"})
			continue
		}
		if err := s.set(text); err != nil {
			faults = append(faults, Fault{Key: key, Problem: err.Error()})
		}
	}
	return c, faults
}

// Value is a setting as the file would have it; empty for a secret and for what
// there is not.
func (c Config) Value(key string) string {
	for _, s := range settings(&c) {
		if s.Key == key {
			return s.Default()
		}
	}
	return ""
}
