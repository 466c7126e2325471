package config

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Setting is one value of a Config, and what its field says about it.
type Setting struct {
	Key      string   // in the file, e.g. listeners.gateway.address
	Fields   []string // the way to it, e.g. Config.Listeners, Listeners.Gateway, Listener.Address
	Required string   // what to do when it is missing; empty where it may be
	Listed   bool     // it belongs to an item of a list, which only the file can have

	least, most string
	value       reflect.Value // addressable; of a Config of the walk's own
}

// Settings lists all settings, with their defaults as values.
func Settings() []Setting {
	c := Default()
	return settings(&c)
}

// FeedSettings lists the settings of one feed, with its defaults as values; keys
// begin with feeds[].
func FeedSettings() []Setting {
	return walk(reflect.ValueOf(&Feed{}).Elem(), Setting{Key: feedsKey + "[]", Fields: []string{"Config.Feeds"}, Listed: true})
}

// feedsKey is the key of the one list of sections.
const feedsKey = "feeds"

func settings(c *Config) []Setting {
	list := walk(reflect.ValueOf(c).Elem(), Setting{})
	for i := range c.Feeds {
		list = append(list, feedSettings(c, i)...)
	}
	return list
}

func feedSettings(c *Config, i int) []Setting {
	return walk(reflect.ValueOf(&c.Feeds[i]).Elem(), Setting{Key: fmt.Sprintf("%s[%d]", feedsKey, i), Fields: []string{"Config.Feeds"}, Listed: true})
}

// walk lists the settings below a struct; above is what they have in common.
func walk(v reflect.Value, above Setting) []Setting {
	var list []Setting
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Type == reflect.TypeFor[[]Feed]() || !field.IsExported() {
			continue // its items are walked one by one; what is not exported is no setting
		}
		key := above.Key // what is embedded adds no part of its own
		if !field.Anonymous {
			key = strings.TrimPrefix(key+"."+field.Tag.Get("key"), ".")
		}
		s := Setting{
			Listed:   above.Listed,
			Key:      key,
			Fields:   append(above.Fields[:len(above.Fields):len(above.Fields)], v.Type().Name()+"."+field.Name),
			Required: field.Tag.Get("required"),
			least:    field.Tag.Get("least"), most: field.Tag.Get("most"),
			value: v.Field(i),
		}
		if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[Secret]() {
			list = append(list, walk(v.Field(i), s)...)
			continue
		}
		list = append(list, s)
	}
	return list
}

// Variable is its name in the environment.
func (s Setting) Variable() string {
	return "POSTERN_" + strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_"))
}

// Secret reports whether it must not be seen.
func (s Setting) Secret() bool { return s.value.Type() == reflect.TypeFor[Secret]() }

// fileKey is the key that names a file with the secret in it.
func (s Setting) fileKey() string { return s.Key + "_file" }

// FileVariable is its name in the environment for a file with the secret in it.
func (s Setting) FileVariable() string { return s.Variable() + "_FILE" }

// Bounds says between what it must be; empty where everything may be.
func (s Setting) Bounds() string {
	if s.least == "" {
		return ""
	}
	return s.least + " to " + s.most
}

// Type says in words what it takes.
func (s Setting) Type() string {
	switch s.value.Interface().(type) {
	case Secret:
		return "secret"
	case bool:
		return "true or false"
	case int:
		return "whole number"
	case float64:
		return "number"
	case time.Duration:
		return "duration"
	case slog.Level:
		return "level"
	case *time.Location:
		return "time zone"
	case []netip.Prefix:
		return "list of addresses"
	case []string:
		return "list of texts"
	}
	return "text"
}

// Default is its value as the file would have it; that of a secret is empty.
func (s Setting) Default() string {
	if s.Secret() {
		return ""
	}
	return s.text()
}

// wholeUnits finds the noughts that time.Duration writes behind 1h and 2m.
var wholeUnits = regexp.MustCompile(`([hm])(?:0m)?(?:0s)$`)

func (s Setting) text() string {
	switch v := s.value.Interface().(type) {
	case Secret:
		if !v.Set() {
			return "" // that there is none is no secret
		}
		return redacted
	case slog.Level:
		return strings.ToLower(v.String())
	case time.Duration:
		return wholeUnits.ReplaceAllString(v.String(), "$1")
	case []netip.Prefix:
		return strings.Trim(fmt.Sprint(v), "[]")
	case []string:
		return strings.Join(v, " ")
	default:
		return fmt.Sprint(v)
	}
}

// set reads a text, whether file, environment or a flag has it; a list is
// separated by commas. A text that is refused leaves the value as it was.
func (s Setting) set(text string) (err error) {
	before := reflect.ValueOf(s.value.Interface())
	defer func() {
		if err != nil {
			s.value.Set(before)
		}
	}()
	if err := read(s.value.Addr().Interface(), text); err != nil {
		return err
	}
	for _, bound := range []struct {
		text string
		want int // how the value may not compare
	}{{s.least, -1}, {s.most, +1}} {
		if bound.text != "" && s.compare(bound.text) == bound.want {
			return fmt.Errorf("want %s, have %s", s.Bounds(), text)
		}
	}
	return nil
}

// compare orders the value and a bound, which is a text of the same type.
func (s Setting) compare(bound string) int {
	other := reflect.New(s.value.Type())
	if err := read(other.Interface(), bound); err != nil {
		panic(fmt.Sprintf("config: bound of %s: %v", s.Key, err)) // a tag of ours
	}
	if s.value.CanFloat() {
		return cmp.Compare(s.value.Float(), other.Elem().Float())
	}
	return cmp.Compare(s.value.Int(), other.Elem().Int())
}

// read reads a text as what target points to; its errors say what would be right.
func read(target any, text string) (err error) {
	want := ""
	switch target := target.(type) {
	case *string:
		*target = text
	case *Secret:
		*target = NewSecret(text)
	case *bool:
		want = "true or false"
		switch text {
		case "true", "false":
			*target = text == "true"
		default:
			err = errors.New("neither")
		}
	case *int:
		want = "a whole number"
		*target, err = strconv.Atoi(text)
	case *float64:
		want = "a number"
		*target, err = strconv.ParseFloat(text, 64)
	case *time.Duration:
		want = "a duration such as 500ms, 30s or 2m"
		*target, err = time.ParseDuration(text)
	case *slog.Level:
		want = "debug, info, warn or error"
		err = target.UnmarshalText([]byte(text))
	case **time.Location:
		want = "a time zone such as Asia/Shanghai"
		*target, err = time.LoadLocation(text)
	case *[]netip.Prefix:
		*target, err = readPrefixes(text)
		return err
	case *[]string:
		*target = readTexts(text)
	default:
		panic(fmt.Sprintf("config: no way to read a %T", target)) // a field of ours
	}
	if err != nil {
		return fmt.Errorf("want %s, have %q", want, text)
	}
	return nil
}

func readTexts(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func readPrefixes(text string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if addr, one := netip.ParseAddr(part); one == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("want addresses or prefixes such as 10.0.4.0/24, have %q", part)
		}
		if prefix.Bits() == 0 {
			return nil, errors.New("want the proxies' own addresses; " + part + " is everybody")
		}
		list = append(list, prefix)
	}
	return list, nil
}
