package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

func credentialOptions(a partners.Application) (list []option) {
	for _, use := range entrance.CredentialUses(a.AuthMethod) {
		list = append(list, option{string(use), entrance.CredentialUseWords[use]})
	}
	return list
}

// CredentialNew asks for a key or a secret of an application.
func (s *Console) CredentialNew(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	a, err := file.application(c)
	if err != nil {
		return err
	}
	return s.showCredentialNew(c, file, a, map[string]string{"kind": string(models.SignatureKey)}, faulty{})
}

func (s *Console) showCredentialNew(c *gin.Context, file partnerFile, a partners.Application, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, applicationPath(file.row.ID, a.ID)+"/credentials", values, fault)
	kindHelp, keyHelp, secrets := entrance.CredentialHelp(ctx, a.AuthMethod)
	f.row(f.choose("kind", i18n.CredentialKind, credentialOptions(a), func(v *ui.FieldView) { v.Help = kindHelp }))
	f.row(f.field("key", i18n.CredentialKey, with(area(6), mono, func(v *ui.FieldView) { v.Help, v.Optional, v.Required = keyHelp, secrets, !secrets })))
	f.row(f.field("ends", i18n.CredentialUntil, with(dated, optional, f.help(i18n.CredentialEndsHelp))))
	f.reason()
	return s.showForm(c, fault, formPage{
		proof: true,
		title: i18n.T(ctx, i18n.CredentialNewTitle, a.Name), card: i18n.T(ctx, i18n.KindCredential), crumb: applicationCrumbs(ctx, file.row, a),
		form:  f.done(tabPath(file.row.ID, "credentials"), ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerAsk), Kind: ui.Primary}),
		aside: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerWhatNext)}, Text: i18n.T(ctx, i18n.CredentialNewNext)}},
	})
}

// CredentialCreate asks for it from a second person. A secret is drawn here and
// shown this once; the request has its hash.
func (s *Console) CredentialCreate(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	a, err := file.application(c)
	if err != nil {
		return err
	}
	values := typed(c, "kind", "key", "ends", "reason")
	k, secret, wrong, err := s.credentialOf(a, values)
	if err != nil {
		return err
	}
	if wrong != nil {
		return s.showCredentialNew(c, file, a, values, faulty{status: http.StatusUnprocessableEntity, fields: s.Words(c, wrong)})
	}
	out, err := s.propose(c, proposal{subject: partnerSubject(file.row.ID), things: []any{k}, reason: values["reason"], proof: true})
	if err != nil {
		fault, ok := s.faultsOf(c, err, "credential", k.ID)
		if !ok {
			return err
		}
		for from, to := range map[string]string{"jwk": "key", "secret_hash": "key", "not_after": "ends"} {
			if text, there := fault.fields[from]; there {
				fault.fields[to] = text
				delete(fault.fields, from)
			}
		}
		return s.showCredentialNew(c, file, a, values, fault)
	}
	if secret != "" {
		return s.showSecret(c, file, a, secret, out)
	}
	return proposed(c, out, tabPath(file.row.ID, "credentials"))
}

// credentialOf makes a credential of what was typed; secret is set for one that was drawn.
func (s *Console) credentialOf(a partners.Application, values map[string]string) (k partners.Credential, secret string, f errs.Fields, err error) {
	pasted := values["key"]
	k, secret, f, err = entrance.NewCredential(a, models.CredentialUse(values["kind"]), &pasted, s.o.Now(), s.o.Rand)
	if err != nil {
		return k, "", nil, err
	}
	values["key"] = pasted
	if values["ends"] != "" {
		day, ok := s.Day(values["ends"])
		f.Check(ok, "ends", "rule.day", "this is no day: want one such as 2027-06-30")
		k.NotAfter = day.AddDate(0, 0, 1)
	}
	return k, secret, f, nil
}

// showSecret shows a client secret, once.
func (s *Console) showSecret(c *gin.Context, file partnerFile, a partners.Application, secret string, out approval.Outcome) error {
	ctx := c.Request.Context()
	title := i18n.T(ctx, i18n.CredentialSecretTitle, a.Name)
	what := "asked"
	if out.Applied {
		what = "applied"
	}
	return web.Render(c, http.StatusOK, console.Secret(console.SecretPage{
		Frame: s.frame(c, title, applicationCrumbs(ctx, file.row, a)...), Header: ui.HeaderView{Title: title, Lead: ui.Mono(a.ID)},
		Secret: ui.SecretView{
			ID: "secret", Label: i18n.T(ctx, i18n.CredentialSecret), Value: secret, File: a.ID + "-secret.txt",
			Action: tabPath(file.row.ID, "credentials") + "/kept", Hidden: []ui.Hidden{{Name: "what", Value: what}},
		},
	}))
}

// CredentialKept leads on from a secret that was shown.
func (s *Console) CredentialKept(c *gin.Context) error {
	what := "asked"
	if c.PostForm("what") == "applied" {
		what = "applied"
	}
	return entrance.Done(c, tabPath(c.Param("partner"), "credentials"), what)
}

// CredentialRevoking asks why a credential is revoked.
func (s *Console) CredentialRevoking(c *gin.Context) error {
	file, k, err := s.credentialOfPath(c)
	if err != nil {
		return err
	}
	if err := s.mustOwn(c, file.row.ID); err != nil {
		return err
	}
	return s.showRevoking(c, file, k, "", faulty{})
}

func (s *Console) credentialOfPath(c *gin.Context) (file partnerFile, k partners.Credential, err error) {
	if file, err = s.partnerOf(c); err != nil {
		return file, k, err
	}
	k, ok := file.registry.Credentials.Current(web.FromPathPart(c.Param("credential")))
	if !ok {
		return file, k, errNoPartner
	}
	return file, k, nil
}

func (s *Console) showRevoking(c *gin.Context, file partnerFile, k partners.Credential, reason string, fault faulty) error {
	ctx := c.Request.Context()
	others := 0
	for _, other := range file.registry.Credentials.All() {
		if other.Application == k.Application && other.ID != k.ID && !other.Revoked {
			others++
		}
	}
	f := s.former(c, c.Request.URL.Path, map[string]string{"reason": reason}, fault)
	f.reason()
	return s.showForm(c, fault, formPage{
		proof: true, notes: s.askNote(c, i18n.PartnerAskNote),
		title: i18n.T(ctx, i18n.CredentialRevokeTitle, k.ID), lead: i18n.T(ctx, i18n.CredentialRevokeText, others),
		crumb: append(partnerCrumbs(ctx, file.row), layout.Crumb{Text: i18n.T(ctx, i18n.PartnerCredentials), Href: tabPath(file.row.ID, "credentials")}),
		form:  f.done(tabPath(file.row.ID, "credentials"), s.askButton(c, ui.ButtonView{Text: i18n.T(ctx, i18n.CredentialRevokeButton), Kind: ui.Danger}, i18n.CredentialRevokeAsk)),
	})
}

// CredentialRevoke revokes a credential at once.
func (s *Console) CredentialRevoke(c *gin.Context) error {
	file, k, err := s.credentialOfPath(c)
	if err != nil {
		return err
	}
	reason := c.PostForm("reason")
	k.Revoked = true
	out, err := s.propose(c, proposal{subject: partnerSubject(file.row.ID), things: []any{k}, reason: reason, narrows: true, proof: true})
	if err == nil {
		return proposed(c, out, tabPath(file.row.ID, "credentials"))
	}
	fault, ok := s.faultsOf(c, err, "credential", k.ID)
	if !ok {
		return err
	}
	return s.showRevoking(c, file, k, reason, fault)
}

// unlessThere refuses to make an application that is there.
func unlessThere(id string) func(store.Business) error {
	return func(b store.Business) error {
		rows, err := b.Applications([]string{id})
		if err != nil || len(rows) == 0 {
			return err
		}
		return errs.Fields{"id": {ID: "rule.taken", Text: "this id is taken: choose another"}}.Invalid()
	}
}

// stillGrant is stillPartner for a grant.
func stillGrant(id, seen string) func(store.Business) error {
	return func(b store.Business) error {
		r, err := partners.Read(b, partners.Names{Partners: []string{}, Applications: []string{}, Credentials: []string{}, Grants: []string{id}})
		if err != nil {
			return err
		}
		g, _ := r.Grants.Current(id)
		return still(g, seen)
	}
}
