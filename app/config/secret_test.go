package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"postern/app/config"
)

const canary = "c0ffee-s3cret"

func TestASecretPrintsAsRedactedEverywhere(t *testing.T) {
	t.Parallel()
	s := config.NewSecret(canary)
	hidden := struct{ inside config.Secret }{s}
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%10.3s"} {
		for _, v := range []any{s, &s, hidden, &hidden, []config.Secret{s}, map[string]config.Secret{"a": s}} {
			texts = append(texts, fmt.Sprintf(strings.Replace(verb, "%T ", "", 1), v))
		}
	}
	encoded, err := json.Marshal(map[string]any{"a": s, "b": &s, "c": hidden})
	document, yamlErr := yaml.Marshal(map[string]any{"a": s, "c": config.Config{MasterKey: s}})
	if err := errors.Join(err, yamlErr); err != nil {
		t.Fatal(err)
	}
	texts = append(texts, string(encoded), string(document), fmt.Sprint(fmt.Errorf("a fault with %v", s)), s.String(), s.GoString())
	for _, text := range texts {
		if strings.Contains(text, canary) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", canary)) {
			t.Errorf("shown: %s", text)
		}
	}
	if s.Reveal() != canary || !s.Set() || (config.Secret{}).Set() {
		t.Error("the secret itself is lost")
	}
}

func TestTheWholeConfigurationCanBeLogged(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.MasterKey, c.Database.DSN = config.NewSecret(canary), config.NewSecret("postgres://u:"+canary+"@h/d")
	var out bytes.Buffer
	options := &slog.HandlerOptions{Level: slog.LevelDebug - 4}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, options), slog.NewTextHandler(&out, options)} {
		log := slog.New(h)
		for level := slog.LevelDebug - 4; level <= slog.LevelError+4; level += 4 {
			log.Log(context.Background(), level, "by value", slog.Any("config", c))
			log.Log(context.Background(), level, "by pointer", slog.Any("config", &c))
			log.Log(context.Background(), level, "in part", slog.Any("database", c.Database), slog.Any("key", c.MasterKey))
			log.Log(context.Background(), level, fmt.Sprintf("%v %+v %#v", c, &c, c))
			log.With(slog.Any("config", c)).WithGroup("g").Log(context.Background(), level, "beside", slog.Any("err", fmt.Errorf("with %+v", c)))
		}
	}
	if strings.Contains(out.String(), canary) {
		t.Errorf("a secret was logged")
	}
	if !strings.Contains(out.String(), "[redacted]") || !strings.Contains(out.String(), "127.0.0.1:8081") {
		t.Error("nothing was logged")
	}
}
