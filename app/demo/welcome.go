package demo

import (
	"path/filepath"
	"strings"
	"text/template"
)

// welcomeText is what a person reads in the terminal; it is English, as all of
// the command line is.
var welcomeText = template.Must(template.New("welcome").Parse(`
Postern demo is running. Everything is on this machine.

  Open     {{.Start}}
           Tap "Check my loan offer" in the first phone. The bank's page opens in
           the second; below, choose a step to see its message sealed and opened.
           Try Chengzi Rent (the same page, fewer fields), Nanfeng (suspended), and
           the tick box at the top (a copied link).

  Beside   {{printf "%-25s" .Gateway}} the gateway: /.well-known/oauth-authorization-server
           {{printf "%-25s" .Internal}} internal: /readyz, /metrics
           {{printf "%-25s" .H5}} the bank's page, an origin of its own
           {{printf "%-25s" .Bank}} the bank's loan system: believes the gateway alone
{{if .Traffic}}
  Traffic  one or two visits a second, refusals included
{{end}}
  Data     {{.Data}}
           the next start continues there; delete the folder to begin anew
  Stop     Ctrl-C
`))

// welcome is the text that Run prints.
func (d *Demo) welcome(o Options) string {
	data := o.withDefaults().Data
	if whole, err := filepath.Abs(data); err == nil {
		data = whole
	}
	var b strings.Builder
	err := welcomeText.Execute(&b, map[string]any{
		"Start": d.URL(), "Gateway": d.places.gateway, "Internal": d.places.internal, "H5": d.PageURL(), "Bank": d.places.bank,
		"Traffic": o.Traffic, "Data": data,
	})
	if err != nil {
		return d.URL() + "\n" // the one thing nobody can do without
	}
	return strings.TrimPrefix(b.String(), "\n")
}
