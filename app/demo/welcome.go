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
           Try Chengzi Rent (the same page, fewer fields) and Nanfeng (suspended).
           For a copied link, tick "Somebody copies the link and opens it first" in
           the bar at the top of the page, then tap.
{{if .Staff}}
  Console  {{.Internal}}/console{{range .Staff}}
           {{printf "%-9s %s  code %s" .Login .Password .Code}}{{end}}
           A code counts once, for a minute; fresh ones: {{.Start}}staff
{{end}}{{if .Users}}
  Portal   {{.Portal}}/portal   for partners' users{{range .Users}}
           {{printf "%-9s %s  code %s  %s" .Login .Password .Code .Is}}{{end}}
{{end}}
  Ports    six, on loopback: {{.Ports}}
           {{printf "%-25s" .Gateway}} the gateway: /.well-known/oauth-authorization-server
           {{printf "%-25s" .Internal}} internal: /readyz, /metrics
           {{printf "%-25s" .Portal}} the partners' portal
           {{printf "%-25s" .H5}} the bank's page, an origin of its own; it needs a visit:
           {{printf "%-25s" ""}} opened in a new tab, it says that it cannot start here
           {{printf "%-25s" .Bank}} the bank's loan system: believes the gateway alone
           --base-port N moves them to N, N+1, N+2, N+10, N+11 and N+12
{{if .Traffic}}
  Traffic  one or two visits a second, refusals included; a line here every 10 s
           sums them up
{{end}}
  Data     {{.Data}}
           The next start continues there; delete the folder to begin anew. What the
           page shows of a visit, its messages, is not kept when the demo stops.
  Log      {{.Log}}
           Only errors are shown here. Each start moves it to demo.log.old.
  Stop     Ctrl-C
`))

// signIn is how somebody gets in just now.
type signIn struct{ Login, Password, Code, Is string }

func (d *Demo) signIns(o Options) (list []signIn) {
	for _, c := range d.staff {
		list = append(list, signIn{Login: c.Login, Password: c.Password, Code: c.code(o.Now())})
	}
	return list
}

func (d *Demo) userSignIns(o Options) (list []signIn) {
	for _, u := range d.users {
		list = append(list, signIn{u.Login, u.Password, u.code(o.Now()), string(u.Role) + " of " + u.Partner})
	}
	return list
}

// welcome is the text that Run prints.
func (d *Demo) welcome(o Options) string {
	data := o.Data
	if whole, err := filepath.Abs(data); err == nil {
		data = whole
	}
	var b strings.Builder
	err := welcomeText.Execute(&b, map[string]any{
		"Start": d.URL(), "Gateway": d.places.gateway, "Internal": d.places.internal, "Portal": d.places.portal, "Users": d.userSignIns(o), "H5": d.PageURL(), "Bank": d.places.bank,
		"Staff": d.signIns(o), "Traffic": o.Traffic, "Data": data, "Log": filepath.Join(data, logName), "Ports": d.servers.listeners.ports(),
	})
	if err != nil {
		return d.URL() + "\n" // the one thing nobody can do without
	}
	return strings.TrimPrefix(b.String(), "\n")
}
