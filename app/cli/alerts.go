package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postern/app/alerts"
	"postern/app/alerts/post"
	"postern/app/config"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
)

type alertsCommand struct {
	List  alertsListCommand  `cmd:"" help:"List the alerts that last or that nobody has acknowledged, the newest first."`
	Ack   alertsAckCommand   `cmd:"" help:"Acknowledge an alert: say who has looked at it and what was found."`
	Test  alertsTestCommand  `cmd:"" help:"Send a receiver a test message and say what came back."`
	Rules alertsRulesCommand `cmd:"" help:"Say what is looked at, when it was last, and how many alerts last."`
}

type alertsListCommand struct {
	settings
	All bool `help:"Those that are over and acknowledged, too."`
}

func (c alertsListCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "zone")
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.Alerts(i.ctx, c.All)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(i.Out, "There is no alert.")
		return err
	}
	w := tabwriter.NewWriter(i.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "alert\tseverity\tstate\trule\tabout\tsince\tlast seen\t\n")
	for _, a := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, a.Severity, alertState(a), a.Rule, aboutWords(a),
			clockTime(a.FirstAt, configured.Zone), clockTime(a.LastAt, configured.Zone), saidOf(a))
	}
	if err := w.Flush(); err != nil || len(list) < store.MaxAlerts {
		return err
	}
	_, err = fmt.Fprintf(i.Out, "These are the newest %d; there may be more.\n", store.MaxAlerts)
	return err
}

// alertState is an alert's state, and whether somebody still has to look.
func alertState(a models.Alert) string {
	if a.ResolvedAt != 0 && a.AckedAt == 0 {
		return "resolved, not acknowledged"
	}
	return string(a.State())
}

func aboutWords(a models.Alert) string {
	text := strings.TrimSpace(a.SubjectKind + " " + a.SubjectID)
	if a.SubjectName != "" {
		text += " (" + a.SubjectName + ")"
	}
	return text
}

// saidOf is what the alert has seen and what was said to it.
func saidOf(a models.Alert) string {
	text := ""
	for _, r := range alerts.Rules() {
		if r.Name == a.Rule {
			text = r.What(i18n.English, a.Numbers)
		}
	}
	if a.AckedAt != 0 {
		text += fmt.Sprintf(" [%s: %s]", a.AckedBy, a.AckNote)
	}
	return text
}

type alertsAckCommand struct {
	settings
	ID   string `arg:"" name:"id" help:"The alert's id, as its message and alerts list show it."`
	By   string `required:"" placeholder:"NAME" help:"Who has looked."`
	Note string `required:"" placeholder:"TEXT" help:"What was found, on one line."`
}

func (c alertsAckCommand) Run(i invocation) error {
	s, _, err := c.beside(i)
	if err != nil {
		return err
	}
	defer s.Close()
	a, err := alerts.Acknowledge(i.ctx, s, alerts.Acknowledgement{ID: c.ID, By: c.By, Note: c.Note, User: operator()}, i.Now(), i.Rand)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		return fmt.Errorf("there is no alert %s; see postern alerts list", c.ID)
	case errors.Is(err, alerts.ErrDone):
		return fmt.Errorf("%s is acknowledged already, %w", c.ID, errors.Unwrap(err))
	case errors.Is(err, alerts.ErrName), errors.Is(err, alerts.ErrNote):
		return errors.New(errs.Of(err).Message)
	case err != nil:
		return err
	}
	fmt.Fprintf(i.Out, "%s (%s, %s) is acknowledged by %s. It is %s.\n", a.ID, a.Rule, aboutWords(a), a.AckedBy, lastingWords(a))
	return nil
}

func lastingWords(a models.Alert) string {
	if a.ResolvedAt == 0 {
		return "not over: it goes on without reminders, and says so when it is"
	}
	return "over"
}

type alertsTestCommand struct {
	settings
	Receiver string `arg:"" enum:"mail,webhook,wecom,dingtalk" help:"mail, webhook, wecom or dingtalk."`
}

func (c alertsTestCommand) Run(i invocation) error {
	configured, faults := c.load(i)
	if err := faults.Of("alerts", "zone").Err(); err != nil {
		return err
	}
	senders, err := post.Open(configured.Alerts, i.Now)
	if err != nil {
		return err
	}
	o := alerts.NewOutbox(alerts.New(alerts.Options{Config: configured.Alerts, Zone: configured.Zone, Now: i.Now, Rand: i.Rand}), senders)
	if !slices.Contains(o.Receivers(), c.Receiver) {
		return fmt.Errorf("there is no receiver %s in the configuration; set alerts.%[1]s, see docs/configuration.md", c.Receiver)
	}
	err = o.Test(i.ctx, c.Receiver)
	var partly post.Partly
	switch {
	case errors.As(err, &partly):
		return fmt.Errorf("some of those whom %s tells got it, others did not: %w", c.Receiver, err)
	case err != nil:
		return fmt.Errorf("%s did not take it: %w", c.Receiver, err)
	}
	fmt.Fprintf(i.Out, "%s took the test message.\n", c.Receiver)
	return nil
}

type alertsRulesCommand struct {
	settings
}

func (c alertsRulesCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "zone", "alerts")
	if err != nil {
		return err
	}
	defer s.Close()
	live, err := settingsNow(i, s, configured)
	if err != nil {
		return err
	}
	configured = live.Config()
	counts, err := s.LastingAlertCounts(i.ctx)
	if err != nil {
		return err
	}
	runs, err := s.LastJobs(i.ctx)
	if err != nil {
		return err
	}
	lasting := map[string]int64{}
	for _, n := range counts {
		lasting[n.Rule] += n.Count
	}
	w := tabwriter.NewWriter(i.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "rule\t\tsettings\tlast look\topen\n")
	for _, r := range alerts.Rules() {
		on := "off"
		if r.On(configured.Alerts) {
			on = "on"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", r.Name, on, ruleSettings(configured, r.Name), lastLook(runs, r, configured.Zone), lasting[r.Name])
	}
	return w.Flush()
}

// ruleSettings are a rule's settings but for its switch, as the file has them.
func ruleSettings(c config.Config, rule string) string {
	var list []string
	for _, a := range c.LogValue().Group() {
		if name, ok := strings.CutPrefix(a.Key, "alerts.rules."+rule+"."); ok && name != "on" {
			list = append(list, name+" "+a.Value.String())
		}
	}
	return strings.Join(list, ", ")
}

// lastLook is when the job last went well that looks at a rule, on any node.
func lastLook(runs []models.JobRun, r alerts.Rule, zone *time.Location) string {
	last := int64(0)
	for _, run := range runs {
		if run.Name == r.Job() && run.Result == models.JobOK {
			last = max(last, run.EndedAt)
		}
	}
	if last == 0 {
		return "never"
	}
	return clockTime(last, zone)
}
