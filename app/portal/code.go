package portal

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/catalog"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/web"
	"postern/docs"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// codeSample is a program of docs/samples, by its word in the address.
type codeSample struct {
	word, file string
	name       i18n.Key
}

// backEnds are the partner's part in each language; the page is the bank's.
var (
	backEnds = []codeSample{
		{"curl", "partner.sh", i18n.CodeCurl}, {"go", "partner.go", i18n.CodeGo}, {"node", "partner.mjs", i18n.CodeNode},
		{"java", "Partner.java", i18n.CodeJava}, {"python", "partner.py", i18n.CodePython}, {"page", "page.html", i18n.CodePage},
	}
	secretBackEnds = []codeSample{{"curl", "partner-secret.sh", i18n.CodeCurl}, {"page", "page.html", i18n.CodePage}}
)

var errNoCode = errs.New(errs.NotFound, "no_code", "There is no such sample.")

// samplesFor are the samples that an application can run as they are shown.
func samplesFor(a partners.Application) []codeSample {
	switch {
	case a.Suite != "A256":
		return nil
	case a.AuthMethod == models.PrivateKeyJWT:
		return backEnds
	case a.AuthMethod == models.ClientSecretBasic:
		return secretBackEnds
	}
	return nil
}

// Code shows programs that run as they are shown: with the ids, keys and addresses of the
// application that the address names.
func (p *Portal) Code(c *gin.Context) error {
	a, err := p.application(c)
	if err != nil {
		return err
	}
	own, err := p.codeOwn(c, a)
	if err != nil {
		return err
	}
	ctx, list := c.Request.Context(), samplesFor(a)
	page := portal.CodePage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.CodeTitle, a.Name), applicationsPath, a.Environment), Back: applicationPath(a.ID), GM: a.Suite == "GM",
		Secret: a.AuthMethod == models.ClientSecretBasic,
	}
	if own.keyID == "" && a.AuthMethod == models.PrivateKeyJWT {
		page.NoKey = credentialsPath(a.ID) + "/new"
	}
	if own.service == "" {
		page.NoScope = worldPath(scopesPath, a.Environment)
	}
	if len(list) == 0 {
		return web.Render(c, http.StatusOK, portal.Code(page))
	}
	chosen := list[0]
	if word := c.Query("in"); word != "" {
		at := slices.IndexFunc(list, func(s codeSample) bool { return s.word == word })
		if at < 0 {
			return errNoCode
		}
		chosen = list[at]
	}
	text, err := docs.Samples.ReadFile(path.Join("samples", chosen.file))
	if err != nil {
		return err
	}
	code := own.put(strings.TrimPrefix(string(text), "//go:build ignore\n\n")) // which keeps it out of the gateway alone
	if c.Query("download") != "" {
		c.Header("Content-Disposition", `attachment; filename="`+chosen.file+`"`)
		c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(code))
		return nil
	}
	address := func(word, service string) string {
		return applicationPath(a.ID) + "/code?" + url.Values{"in": {word}, "service": {service}}.Encode()
	}
	for _, s := range list {
		page.Tabs = append(page.Tabs, ui.Tab{Text: i18n.T(ctx, s.name), Href: address(s.word, own.service), Current: s.word == chosen.word})
	}
	for _, s := range own.services {
		page.Services = append(page.Services, ui.Tab{Text: s.Name, Href: address(chosen.word, s.ID), Current: s.ID == own.service})
	}
	page.File, page.Text, page.Download = chosen.file, code, address(chosen.word, own.service)+"&download=yes"
	return web.Render(c, http.StatusOK, portal.Code(page))
}

// codeOwn is what a sample has of an application's own.
type codeOwn struct {
	gateway, client, keyID, service, call string
	services                              []catalog.Service // that its scopes belong to
}

func (p *Portal) codeOwn(c *gin.Context, a partners.Application) (own codeOwn, err error) {
	own = codeOwn{gateway: p.o.Issuer, client: a.ID}
	now, newest := p.o.Now(), time.Time{}
	err = p.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		r, err := partners.Of(b, a.Partner)
		if err != nil {
			return err
		}
		for _, k := range r.Credentials.All() {
			if k.Application == a.ID && k.Use() == models.SignatureKey && !models.OfTrial(k.ID) && k.LiveAt(now) && k.NotBefore.After(newest) {
				newest = k.NotBefore // whoever asks has the key that was made last
				_, own.keyID = entrance.CredentialWords(c.Request.Context(), k)
			}
		}
		scopes := []string{}
		for _, g := range r.Grants.All() {
			if _, over := p.GrantState(c.Request.Context(), g); g.Application == a.ID && !over {
				scopes = append(scopes, g.Scope)
			}
		}
		read, err := catalog.Read(b, []string{}, scopes)
		if err != nil {
			return err
		}
		own.services = read.Services.All()
		own.choose(c.Query("service"), read.Scopes.All())
		return nil
	})
	return own, err
}

// choose takes the service that is asked for, else the first, and a route of it that one
// of the scopes opens.
func (o *codeOwn) choose(service string, scopes []catalog.Scope) {
	if len(o.services) == 0 {
		return
	}
	at := max(slices.IndexFunc(o.services, func(s catalog.Service) bool { return s.ID == service }), 0)
	o.service = o.services[at].ID
	for _, scope := range scopes {
		for _, permission := range scope.Permissions {
			for _, r := range o.services[at].Routes {
				opened := scope.Service == o.service && !permission.Deny && r.Method == http.MethodGet && r.Resource == permission.Resource && r.Action == permission.Action
				if opened && (o.call == "" || strings.Contains(o.call, "{")) { // rather one without anything to fill in
					o.call = `"` + r.Method + `", "` + r.Pattern + `"`
				}
			}
		}
	}
}

// put puts what is the application's own into a sample; what it has not yet stays as it is.
func (o codeOwn) put(text string) string {
	var pairs []string
	for _, p := range [][2]string{
		{docs.SampleGateway, o.gateway}, {docs.SampleClient, o.client}, {docs.SampleKeyID, o.keyID}, {docs.SampleService, o.service}, {docs.SampleCall, o.call},
	} {
		if p[1] != "" {
			pairs = append(pairs, p[0], p[1])
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
