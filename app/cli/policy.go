package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"postern/app/control"
	"postern/app/directory"
	"postern/app/disclosure"
	"postern/app/errs"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
)

type policyCommand struct {
	Explain explainCommand `cmd:"" help:"Say what would become of a call, by which rule, and what of the sample reply would leave."`
}

type explainCommand struct {
	settings
	App    string `required:"" help:"The application's client_id."`
	Method string `default:"GET" help:"The call's method."`
	Path   string `required:"" help:"The call's path, which starts with /, e.g. /accounts/1/balance."`
}

func (c explainCommand) Run(i invocation) error {
	if !strings.HasPrefix(c.Path, "/") {
		return fmt.Errorf("read --path: a path starts with /, as in /%s", c.Path)
	}
	s, configured, err := c.beside(i, "zone")
	if err != nil {
		return err
	}
	defer s.Close()
	compiler, err := policies.NewCompiler()
	if err != nil {
		return err
	}
	d, err := directory.Open(i.ctx, s, compiler)
	if err != nil {
		return err
	}
	feed, err := control.Open(i.ctx, s, i.Now, i.log(slog.LevelError))
	if err != nil {
		return err
	}
	x, err := d.Explain(i.ctx, directory.Question{
		ClientID: c.App, Method: strings.ToUpper(c.Method), Path: c.Path, Now: i.Now(),
		Thawed: func(scopes []string) []string { return feed.Thawed(scopes, models.FreezeCall) },
	})
	switch {
	case errs.KindOf(err) == errs.NotFound && errs.Of(err).Code == "no_route":
		return c.noRoute(i.ctx, d)
	case errs.KindOf(err) == errs.NotFound:
		return fmt.Errorf("there is no application %q", c.App)
	case err != nil:
		return err
	}
	return printExplanation(i.Out, x, x.Notes(directory.State{
		Frozen: func(kind, id string) bool { return feed.Frozen(models.FreezeTarget(kind), id, models.FreezeCall) }, Now: i.Now(), Zone: configured.Zone,
	}))
}

// noRoute says that there is no route, and for which methods there is one.
func (c explainCommand) noRoute(ctx context.Context, d *directory.Directory) error {
	methods, err := d.Methods(ctx, c.Path)
	if err != nil {
		return err
	}
	hint := ""
	if len(methods) > 0 {
		hint = fmt.Sprintf("; there is one for %s: use --method %s", strings.Join(methods, " and "), strings.Join(methods, " or "))
	}
	return fmt.Errorf("no service has a route for %s %s%s", strings.ToUpper(c.Method), c.Path, hint)
}

// printExplanation prints what the policy says, and what beside it would refuse
// the call.
func printExplanation(out io.Writer, x directory.Explanation, notes []directory.Note) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	verdict, scopes := "refused", "none"
	reason := string(x.Decision.Reason)
	switch code := directory.Code(notes); {
	case code != "":
		reason = code + "; the policy alone says " + reason
	case x.Decision.Allowed:
		verdict = "allowed"
	}
	if len(x.Scopes) > 0 {
		scopes = strings.Join(x.Scopes, ", ")
	}
	rule := x.Decision.Rule
	if rule == "" {
		rule = "none matches, and what nobody allows is refused"
	}
	fmt.Fprintf(w, "application\t%s (%s, %s)\n", x.Application.ID, x.Application.Partner.Name, x.Application.Environment)
	fmt.Fprintf(w, "service\t%s\n", x.Service.ID)
	fmt.Fprintf(w, "route\t%s %s\n", x.Route.Method, x.Route.Pattern)
	fmt.Fprintf(w, "permission\t%s\n", x.Route.Route.Permission())
	fmt.Fprintf(w, "decision\t%s\n", verdict)
	fmt.Fprintf(w, "rule\t%s\n", rule)
	fmt.Fprintf(w, "reason\t%s\n", reason)
	fmt.Fprintf(w, "scopes\t%s\n", scopes)
	for _, n := range notes {
		fmt.Fprintf(w, "note\t%s\n", i18n.Said(i18n.English, n.ID, n.Args...))
	}
	printFields(w, x)
	return w.Flush()
}

func printFields(w io.Writer, x directory.Explanation) {
	if !x.Decision.Allowed {
		return
	}
	if x.Route.SampleReply == "" {
		fmt.Fprintf(w, "\nThe route has no sample reply to show fields of.\n")
		return
	}
	printNotes(w, "field", x.Fields)
	if x.Withheld != nil {
		printNotes(w, "without consent", x.Withheld)
	}
}

func printNotes(w io.Writer, title string, notes []disclosure.FieldNote) {
	fmt.Fprintf(w, "\n%s\tclass\ttreatment\tin the sample\tas it leaves\n", title)
	for _, f := range notes {
		class := string(f.Class)
		if class == "" {
			class = "C?"
		}
		treatment := string(f.Treatment)
		if f.Mask != "" {
			treatment += " (" + string(f.Mask) + ")"
		}
		if f.Rule == "" {
			treatment = "drop (named by no scope)"
		}
		after := f.After
		if after == "" {
			after = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", f.Path, class, treatment, f.Before, after)
	}
}
