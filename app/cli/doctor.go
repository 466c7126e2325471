package cli

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"postern/app/doctor"
	"postern/app/keyring"
)

type doctorCommand struct {
	gatewaySettings
	JSON bool `name:"json" help:"Print JSON."`
}

func (c doctorCommand) Run(i invocation) error {
	configured, faults := c.load(i)
	p, more := prepare(configured)
	var masters keyring.Masters
	if p.master != nil {
		masters = keyring.Masters{p.master, p.other}
	}
	patient := doctor.Patient{
		Config: configured, Faults: append(faults, more...), Store: storeConfig(configured.Database), Masters: masters, Now: i.Now,
	}
	findings := patient.Examine(i.ctx)
	bad := 0
	for _, f := range findings {
		if f.State == doctor.Failed {
			bad++
		}
	}
	if err := c.print(i, findings, bad == 0); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d checks failed", bad, len(findings))
	}
	return nil
}

func (c doctorCommand) print(i invocation, findings []doctor.Finding, healthy bool) error {
	if c.JSON {
		e := json.NewEncoder(i.Out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(struct {
			OK       bool             `json:"ok"`
			Findings []doctor.Finding `json:"findings"`
		}{healthy, findings})
	}
	w := tabwriter.NewWriter(i.Out, 0, 4, 2, ' ', 0)
	for _, f := range findings {
		line := f.Found
		if f.Advice != "" {
			line += ". " + f.Advice
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.Check, line)
	}
	return w.Flush()
}
