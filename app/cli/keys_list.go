package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postern/app/keyring"
	"postern/models"
)

type keysListCommand struct {
	settings
	All  bool `help:"Retired keys as well."`
	JSON bool `name:"json" help:"As JSON, times in UTC."`
}

func (c keysListCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "keys", "zone") // it needs no master key
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := statuses(i.ctx, s, configured.Keys, i.Now())
	if err != nil {
		return err
	}
	if !c.All {
		list = slices.DeleteFunc(list, func(k keyring.Status) bool { return k.State == keyring.Retired })
	}
	if c.JSON {
		return printKeysJSON(i.Out, list)
	}
	return printKeys(i.Out, list, configured.Zone)
}

// uses are the words for what keys are for, as commands take them.
var uses = map[string]models.KeyUse{
	"ak": models.ApplicationKey, "signing": models.SigningKey, "ticket": models.TicketKey, "evidence": models.EvidenceKey,
	"subject": models.SubjectKey,
}

var useOrder = []models.KeyUse{models.ApplicationKey, models.SigningKey, models.TicketKey, models.EvidenceKey, models.SubjectKey}

func useWord(use models.KeyUse) string {
	for word, u := range uses {
		if u == use {
			return word
		}
	}
	return string(use)
}

// kindWords names a kind in a sentence, e.g. "AK of production".
func kindWords(k keyring.Kind) string {
	word := useWord(k.Use) + " key"
	if k.Use == models.ApplicationKey {
		word = "AK"
	}
	if k.Environment == "" {
		return word
	}
	return word + " of " + string(k.Environment)
}

// rotateWords are the arguments of keys rotate for a kind.
func rotateWords(k keyring.Kind) string {
	if k.Environment == "" {
		return useWord(k.Use)
	}
	return useWord(k.Use) + " --environment " + string(k.Environment)
}

func kids(list []keyring.Status) string {
	var all []string
	for _, s := range list {
		all = append(all, s.KID)
	}
	return strings.Join(all, ", ")
}

// ending says what ends when keys are retired before their time.
func ending(use models.KeyUse, list []keyring.Status) string {
	switch use {
	case models.ApplicationKey:
		return fmt.Sprintf("This retires the AK %s at once. ATs that carry it and are not spent open no visit: their pages cannot start, and "+
			"the partners must ask for new ones. Nor is a page answered again whose first answer was lost. Visits that are open go on.", kids(list))
	case models.SigningKey:
		return fmt.Sprintf("This retires the signing key %s at once. ATs that it signed are refused by pages that fetch the JWKS from now on, and "+
			"assertions that it signed by upstreams that do. Visits that are open go on.", kids(list))
	case models.TicketKey:
		return fmt.Sprintf("This retires the ticket key %s at once. Every visit whose VT it sealed ends: its page is answered invalid_vt, and the "+
			"visitor begins again in the partner's app. No AT is touched.", kids(list))
	case models.EvidenceKey:
		return fmt.Sprintf("This retires the evidence key %s at once. What it signed is verified by its public key as before; tell the auditors from when "+
			"on they must not believe it.", kids(list))
	}
	return "The subject key does not rotate."
}

// atOnce says what it costs to use a key that nobody has heard of.
func atOnce(use models.KeyUse) string {
	if use == models.SigningKey {
		return "Its successor signs at once: pages and upstreams whose JWKS is cached, for up to five minutes, do not know it and fetch the JWKS " +
			"once more, past the cache. Where a cache on the way does not let them, they refuse until it is old enough."
	}
	return "Its successor is used at once, and nobody has to fetch anything for it."
}

// time shows a time in the bank's zone.
func (k *keysBeside) time(t time.Time) string { return t.In(k.zone).Format(time.DateTime) }

func printKeys(out io.Writer, list []keyring.Status, zone *time.Location) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	at := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.In(zone).Format(time.DateTime)
	}
	fmt.Fprintln(w, "KID\tUSE\tENVIRONMENT\tSUITE\tSTATE\tMADE\tFIRST USE\tLAST USE\tROTATED\tRETIRED\tMASTER KEY")
	for _, s := range list {
		environment, suite := string(s.Kind.Environment), string(s.Kind.Suite)
		if environment == "" {
			environment, suite = "all", "all"
		}
		fmt.Fprintln(w, strings.Join([]string{
			s.KID, useWord(s.Kind.Use), environment, suite, stateWords(s, at), at(s.MadeAt), at(s.FirstUse), at(s.LastUse),
			at(s.RotatesAt), at(s.RetiresAt), s.MasterKeyID,
		}, "\t"))
	}
	fmt.Fprintf(w, "\nTimes are those of %s. ROTATED is when a successor will be made, RETIRED when the key opens nothing any more.\n", zone)
	return w.Flush()
}

func stateWords(s keyring.Status, at func(time.Time) string) string {
	switch s.State {
	case keyring.Published:
		return "published, not used yet"
	case keyring.Superseded:
		return "superseded, still opens until " + at(s.RetiresAt)
	}
	return string(s.State)
}

// listedKey is a key as machines read it; members that say nothing are left out.
type listedKey struct {
	KID         string     `json:"kid"`
	Use         string     `json:"use"`
	Environment string     `json:"environment,omitempty"`
	Suite       string     `json:"suite,omitempty"`
	State       string     `json:"state"`
	MadeAt      time.Time  `json:"made_at"`
	FirstUse    time.Time  `json:"first_use"`
	LastUse     *time.Time `json:"last_use,omitempty"`
	RotatesAt   *time.Time `json:"rotates_at,omitempty"`
	RetiresAt   *time.Time `json:"retires_at,omitempty"`
	MasterKeyID string     `json:"master_key_id"`
}

func printKeysJSON(out io.Writer, list []keyring.Status) error {
	known := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC()
		return &t
	}
	listed := []listedKey{}
	for _, s := range list {
		listed = append(listed, listedKey{
			KID: s.KID, Use: useWord(s.Kind.Use), Environment: string(s.Kind.Environment), Suite: string(s.Kind.Suite), State: string(s.State),
			MadeAt: s.MadeAt.UTC(), FirstUse: s.FirstUse.UTC(), LastUse: known(s.LastUse),
			RotatesAt: known(s.RotatesAt), RetiresAt: known(s.RetiresAt), MasterKeyID: s.MasterKeyID,
		})
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(listed)
}
