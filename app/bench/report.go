package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

var stepNames = map[string]string{
	StepB: "B  issue an access token",
	StepD: "D  exchange it for a visit token",
	StepG: "G  sealed call through the upstream",
}

// Write prints the result for people.
func (r Result) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	p := printer{to: t}
	p.line("Postern bench: %s; database: %s; %d connections.", r.Where, r.Database, r.Callers)
	p.line("Only ratios inside one run are comparable: the absolute numbers drift with the machine.")
	p.line("")
	p.line("%-40s\trequests/s\tp50 ms\tp95 ms\tp99 ms\terrors\tCPU us/request\trows on record\t", "step")
	for _, s := range r.Steps {
		p.line("%-40s\t%.0f\t%.2f\t%.2f\t%.2f\t%d\t%s\t%s\t", stepNames[s.Step], s.PerSecond, s.P50, s.P95, s.P99, s.Errors, s.cpu(), s.Rows)
	}
	for _, s := range r.Steps {
		p.compared(s)
	}
	p.issuances(r.Issuances)
	p.failures(r)
	if p.err == nil {
		p.err = t.Flush()
	}
	if p.err != nil {
		return fmt.Errorf("print result: %w", p.err)
	}
	return nil
}

func (s Step) cpu() string {
	if s.CPU == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", s.CPU)
}

// String says how many rows were found of how many that must be there.
func (r *Rows) String() string {
	if r == nil {
		return "not counted"
	}
	return fmt.Sprintf("%d of %d %s", r.Found, r.Expected, r.Of)
}

// printer keeps the first error of many prints.
type printer struct {
	to  io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.to, format+"\n", args...)
	}
}

func (p *printer) compared(s Step) {
	if len(s.Compared) == 0 {
		return
	}
	p.line("")
	p.line("%-40s\tper second\tCPU us\tratio by rate\tratio by CPU\t", "beside "+s.Step+", in the same run")
	for _, c := range s.Compared {
		p.line("%-40s\t%.0f\t%.2f\t%.2f\t%.2f\t", c.Name, c.PerSecond, c.CPU, c.Ratio, c.CPURatio)
	}
}

func (p *printer) issuances(i *Issuances) {
	if i == nil {
		return
	}
	const mib = 1 << 20
	p.line("")
	p.line("%d issuances: %d errors, rows %s, p50 %.2f ms, p99 %.2f ms (%.1f times p50);", i.Asked, i.Errors, i.Rows, i.P50, i.P99, i.P99/max(i.P50, 1e-9))
	p.line("resident memory of the server's process %.1f MiB before, %.1f MiB after, at most %.1f MiB between.",
		float64(i.ResidentBefore)/mib, float64(i.ResidentAfter)/mib, float64(i.ResidentMost)/mib)
}

func (p *printer) failures(r Result) {
	if r.Errors() == 0 {
		return
	}
	p.line("")
	p.line("%d errors.", r.Errors())
	for _, s := range r.Steps {
		if s.FirstError != "" {
			p.line("The first at step %s: %s", s.Step, s.FirstError)
		}
	}
	if i := r.Issuances; i != nil && i.FirstError != "" {
		p.line("The first of the issuances: %s", i.FirstError)
	}
}
