package alerts

import (
	"context"
	"slices"
	"time"

	"postern/app/config"
	"postern/models"
	"postern/views/i18n"
)

// Rule is one thing that is looked at. Its name is a section of docs/alerts.md
// and of the configuration.
type Rule struct {
	Name  string
	Local bool // each node looks for itself; else one looks for all

	on   func(config.AlertRules) bool
	look func(ctx context.Context, w *Watch, now time.Time) ([]condition, error)

	title, what, do i18n.Key
	args            []string // which of the numbers what takes, in its order
}

// condition is what a look has found to be too much.
type condition struct {
	subject  models.Subject
	severity models.Severity
	numbers  map[string]string
	noted    func() // called once it is on disk; nil for nothing
}

// The names of rules, as they stand in alerts and in the configuration.
const (
	Refusals     = "refusals"
	Unredeemed   = "unredeemed"
	NewAddress   = "new_address"
	SpentTwice   = "spent_twice"
	UpstreamDown = "upstream_down"
	Certificate  = "certificate"
	Credential   = "credential"
	Queue        = "queue"
	Disk         = "disk"
	FeedBehind   = "feed_behind"

	EvidenceDiffers = "evidence_differs"
	EvidenceLate    = "evidence_late"
)

// rules are all there are, in the order of the configuration.
var rules = []Rule{
	{
		Name: Refusals, on: func(r config.AlertRules) bool { return r.Refusals.On }, look: lookRefusals,
		title: i18n.AlertRefusals, what: i18n.AlertRefusalsWhat, do: i18n.AlertRefusalsDo,
		args: []string{"refused", "answered", "hours", "percent", "limit", "limit_percent"},
	},
	{
		Name: Unredeemed, on: func(r config.AlertRules) bool { return r.Unredeemed.On }, look: lookUnredeemed,
		title: i18n.AlertUnredeemed, what: i18n.AlertUnredeemedWhat, do: i18n.AlertUnredeemedDo,
		args: []string{"unredeemed", "ended", "window", "percent", "limit", "limit_percent"},
	},
	{
		Name: NewAddress, on: func(r config.AlertRules) bool { return r.NewAddress.On }, look: lookNewAddress,
		title: i18n.AlertNewAddress, what: i18n.AlertNewAddressWhat, do: i18n.AlertNewAddressDo,
		args: []string{"addresses", "window", "newest"},
	},
	{
		Name: SpentTwice, on: func(r config.AlertRules) bool { return r.SpentTwice.On }, look: lookSpentTwice,
		title: i18n.AlertSpentTwice, what: i18n.AlertSpentTwiceWhat, do: i18n.AlertSpentTwiceDo,
		args: []string{"times", "window", "limit"},
	},
	{
		Name: UpstreamDown, Local: true, on: func(r config.AlertRules) bool { return r.UpstreamDown.On }, look: lookUpstreams,
		title: i18n.AlertUpstreamDown, what: i18n.AlertUpstreamDownWhat, do: i18n.AlertUpstreamDownDo,
		args: []string{"node", "since"},
	},
	{
		Name: Certificate, Local: true, on: func(r config.AlertRules) bool { return r.Certificate.On }, look: lookCertificates,
		title: i18n.AlertCertificate, what: i18n.AlertCertificateWhat, do: i18n.AlertCertificateDo,
		args: []string{"ends", "days", "limit"},
	},
	{
		Name: Credential, on: func(r config.AlertRules) bool { return r.Credential.On }, look: lookCredentials,
		title: i18n.AlertCredential, what: i18n.AlertCredentialWhat, do: i18n.AlertCredentialDo,
		args: []string{"use", "application", "ends", "days", "limit"},
	},
	{
		Name: Queue, Local: true, on: func(r config.AlertRules) bool { return r.Queue.On }, look: lookQueue,
		title: i18n.AlertQueue, what: i18n.AlertQueueWhat, do: i18n.AlertQueueDo,
		args: []string{"queued", "capacity", "percent", "limit", "lost"},
	},
	{
		Name: Disk, Local: true, on: func(r config.AlertRules) bool { return r.Disk.On }, look: lookDisk,
		title: i18n.AlertDisk, what: i18n.AlertDiskWhat, do: i18n.AlertDiskDo,
		args: []string{"free", "limit"},
	},
	// What the whole database is followed by every node sees alike: one alert.
	{
		Name: FeedBehind, Local: true, on: func(r config.AlertRules) bool { return r.FeedBehind.On }, look: lookFeeds,
		title: i18n.AlertFeedBehind, what: i18n.AlertFeedBehindWhat, do: i18n.AlertFeedBehindDo,
		args: []string{"behind", "limit"},
	},
	{
		Name: EvidenceDiffers, Local: true, on: func(r config.AlertRules) bool { return r.EvidenceDiffers.On }, look: lookEvidence,
		title: i18n.AlertEvidence, what: i18n.AlertEvidenceWhat, do: i18n.AlertEvidenceDo,
		args: []string{"seq", "found"},
	},
	{
		Name: EvidenceLate, Local: true, on: func(r config.AlertRules) bool { return r.EvidenceLate.On }, look: lookLate,
		title: i18n.AlertLate, what: i18n.AlertLateWhat, do: i18n.AlertLateDo,
		args: []string{"behind", "limit"},
	},
}

// Rules lists all rules, in the order of the configuration.
func Rules() []Rule { return slices.Clone(rules) }

// On reports whether the rule is switched on.
func (r Rule) On(c config.Alerts) bool { return r.on(c.Rules) }

// The jobs that look and tell, by name.
const (
	JobNode     = "alerts_here"
	JobAll      = "alerts"
	JobMessages = "alert_messages"
)

// Job is the job that looks at the rule.
func (r Rule) Job() string {
	if r.Local {
		return JobNode
	}
	return JobAll
}

// Title is what the rule is called in a language.
func (r Rule) Title(l i18n.Lang) string { return r.title.In(l) }

// What says what an alert of the rule has seen.
func (r Rule) What(l i18n.Lang, numbers map[string]string) string {
	args := make([]any, len(r.args))
	for i, name := range r.args {
		args[i] = numbers[name]
		if words := i18n.Finding(l, numbers[name]); name == "found" && words != "" {
			args[i] = words
		}
	}
	return r.what.In(l, args...)
}

// Do says what to do about an alert of the rule.
func (r Rule) Do(l i18n.Lang) string { return r.do.In(l) }

// RuleOf finds a rule by its name; one that this release does not know says only
// its name.
func RuleOf(name string) Rule { return ruleOf(name) }

// ruleOf finds a rule by its name; the zero Rule, which reads as nothing, for
// one that a later release may have had.
func ruleOf(name string) Rule {
	if i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name }); i >= 0 {
		return rules[i]
	}
	return Rule{Name: name}
}
