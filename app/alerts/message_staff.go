package alerts

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"postern/app/alerts/post"
	"postern/app/config"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
)

// composeNotices makes one message of news for the bank's staff, or for somebody of a
// partner. ok is false when nothing of it needs telling any more: what was asked is
// decided, or its reader is nobody any more to whom it is sent.
func (o *Outbox) composeNotices(ctx context.Context, queue string, waiting []models.Delivery) (m post.Message, ok bool, err error) {
	receiver, account := Reader(queue)
	w := noticeWriter{lang: o.language(receiver), zone: o.watch.o.Zone, room: o.senders[receiver].Room(), Notices: o.watch.o.Notices}
	p, err := o.picture(ctx, account, waiting)
	if err != nil {
		return m, false, err
	}
	if account != "" {
		if p.reader.Status != models.AccountActive || p.reader.Email == "" {
			return m, false, nil
		}
		m.To = []string{p.reader.Email}
		if lang, known := i18n.Parse(p.reader.Language); known && p.reader.Language != "" {
			w.lang = lang
		}
	}
	w.portal = p.reader.Realm == models.PortalRealm
	if w.all, err = o.worth(p, account, waiting); err != nil || len(w.all) == 0 {
		return m, false, err
	}
	m.ID, m.At, m.Title = waiting[0].ID, time.UnixMilli(waiting[0].DueAt).In(w.zone), w.title()
	m.Text, m.More = layout(len(w.all), w.room, w.whole, w.line, func(more int) string {
		return i18n.NoticesFurther.In(w.lang, more, w.list())
	})
	if receiver == config.ReceiverWebhook {
		m.Requests, m.PartnerRequests, m.Credentials = w.entries(), w.partnerEntries(), w.credentialEntries()
	}
	return m, true, nil
}

// picture is what a message is about, as it is when it is written.
type picture struct {
	reader   models.Account
	roles    []models.StaffRole // the reader's
	member   models.Member      // what the reader is at a partner
	requests map[int64]models.ChangeRequest
	accounts map[string]models.Account // makers, and those that news are of

	partnerRequests map[int64]models.PartnerRequest
	partners        map[string]models.Partner

	credentials map[string]endingCredential
}

// endingCredential is a credential that ends.
type endingCredential struct {
	models.Credential
	application models.Application
	partner     models.Partner
}

func (o *Outbox) picture(ctx context.Context, account string, waiting []models.Delivery) (p picture, err error) {
	var numbers, partnerNumbers []int64
	ids, credentials := []string{}, []string{}
	for _, d := range waiting {
		switch {
		case d.CredentialID != "":
			credentials = append(credentials, d.CredentialID)
		case d.RequestID > 0:
			numbers = append(numbers, d.RequestID)
		case d.PartnerRequestID > 0:
			partnerNumbers = append(partnerNumbers, d.PartnerRequestID)
		default:
			ids = append(ids, d.AccountID)
		}
	}
	if p.requests, err = o.watch.o.Store.RequestHeads(ctx, numbers); err != nil {
		return p, err
	}
	for _, r := range p.requests {
		ids = append(ids, r.Maker)
	}
	if p.partnerRequests, p.partners, err = o.asked(ctx, partnerNumbers); err != nil {
		return p, err
	}
	if p.credentials, err = o.ends(ctx, credentials); err != nil {
		return p, err
	}
	p.accounts = map[string]models.Account{}
	err = o.watch.o.Store.Accounts(ctx, func(a store.Accounts) error {
		list, err := a.AccountsByID(ids)
		if err != nil {
			return err
		}
		for _, one := range list {
			p.accounts[one.ID] = one
		}
		if account == "" {
			return nil
		}
		if p.reader, _, err = a.Account(account); err != nil {
			return err
		}
		if p.member, _, err = a.Member(account); err != nil {
			return err
		}
		rows, err := a.Roles(account)
		for _, row := range rows {
			p.roles = append(p.roles, row.Role)
		}
		return err
	})
	return p, err
}

// asked are partners' requests, and who the partners are.
func (o *Outbox) asked(ctx context.Context, numbers []int64) (requests map[int64]models.PartnerRequest, partners map[string]models.Partner, err error) {
	if requests, err = o.watch.o.Store.PartnerRequestHeads(ctx, numbers); err != nil || len(requests) == 0 {
		return requests, nil, err
	}
	var ids []string
	for _, r := range requests {
		ids = append(ids, r.PartnerID)
	}
	partners = map[string]models.Partner{}
	return requests, partners, o.watch.o.Store.Business(ctx, func(b store.Business) error {
		rows, err := b.Partners(ids)
		for _, row := range rows {
			partners[row.ID] = row
		}
		return err
	})
}

// ends are credentials with whose they are.
func (o *Outbox) ends(ctx context.Context, ids []string) (map[string]endingCredential, error) {
	found := map[string]endingCredential{}
	if len(ids) == 0 {
		return found, nil
	}
	return found, o.watch.o.Store.Business(ctx, func(b store.Business) error {
		credentials, err := b.Credentials(ids)
		if err != nil {
			return err
		}
		names := []string{}
		for _, c := range credentials {
			names = append(names, c.ApplicationID)
		}
		rows, err := b.Applications(names)
		if err != nil {
			return err
		}
		applications, owners := map[string]models.Application{}, []string{}
		for _, a := range rows {
			applications[a.ID], owners = a, append(owners, a.PartnerID)
		}
		list, err := b.Partners(owners)
		partners := map[string]models.Partner{}
		for _, p := range list {
			partners[p.ID] = p
		}
		for _, c := range credentials {
			a := applications[c.ApplicationID]
			found[c.ID] = endingCredential{c, a, partners[a.PartnerID]}
		}
		return err
	})
}

// worth leaves out what its reader need not or may not know any more.
func (o *Outbox) worth(p picture, account string, waiting []models.Delivery) (list []notice, err error) {
	for _, d := range waiting {
		n, worth := notice{news: d.News}, false
		switch {
		case d.CredentialID != "":
			n.ends = p.credentials[d.CredentialID]
			worth = n.ends.RevokedAt == 0 && n.ends.NotAfter > o.watch.o.Now().UnixMilli() &&
				(account == "" || p.member.PartnerID == n.ends.partner.ID && looksAfter(p.member))
		case d.RequestID > 0:
			n.request = p.requests[d.RequestID]
			n.maker = p.accounts[n.request.Maker].Name
			worth, err = o.worthRequest(p, account, n)
		case d.PartnerRequestID > 0:
			n.asked = p.partnerRequests[d.PartnerRequestID]
			n.partner = p.partners[n.asked.PartnerID]
			worth, err = o.worthPartner(p, account, n)
		default:
			n.about, worth = p.accounts[d.AccountID]
		}
		if err != nil {
			return nil, err
		}
		if worth {
			list = append(list, n)
		}
	}
	return list, nil
}

func (o *Outbox) worthRequest(p picture, account string, n notice) (bool, error) {
	over := n.request.State != models.RequestSubmitted
	if n.request.ID == 0 || over && (n.news == models.NewsAsked || n.news == models.NewsExpiring) {
		return false, nil
	}
	if account == "" || n.news != models.NewsAsked {
		return true, nil
	}
	may, err := o.watch.o.Notices.may(p.roles, o.watch.o.Notices.Check(n.request.Kind))
	return may && !isMaker(p.reader, n.request), err
}

// worthPartner has the bank's side told of what still waits for an officer, and the
// partner's of what is still so.
func (o *Outbox) worthPartner(p picture, account string, n notice) (bool, error) {
	r := n.asked
	if state, toPartner := stillSo[n.news]; toPartner {
		return r.State == state && account == r.Maker && p.member.PartnerID == r.PartnerID, nil
	}
	switch {
	case n.news == models.NewsConfirm:
		return r.State.Open() && p.member.PartnerID == r.PartnerID && confirms(p.member) && p.reader.PersonID != r.MakerPerson, nil
	case n.news == models.NewsDecided && account == "":
		return true, nil
	case n.news != models.NewsDecided && (r.WaitsSince == 0 || account == ""):
		return r.WaitsSince > 0, nil
	}
	may, err := o.watch.o.Notices.may(p.roles, takesRequests)
	return may && p.reader.PersonID != r.MakerPerson, err
}

// notice is one piece of news: of a request, a partner's request or an account.
type notice struct {
	news    models.News
	request models.ChangeRequest
	maker   string // empty: not an account
	asked   models.PartnerRequest
	partner models.Partner
	about   models.Account
	ends    endingCredential
}

// noticeWriter writes messages to one reader in one language, on the bank's clock. Of
// a request they say what it is mainly about, never what it holds, why it was made or
// what was said: that may be anything.
type noticeWriter struct {
	Notices
	lang   i18n.Lang
	zone   *time.Location
	portal bool // the reader is a partner's
	room   int  // octets
	all    []notice
}

var noticeHeads = map[models.News]i18n.Key{
	models.NewsAsked: i18n.NoticeAsked, models.NewsApproved: i18n.NoticeApproved, models.NewsSentBack: i18n.NoticeSentBack,
	models.NewsRejected: i18n.NoticeRejected, models.NewsOutdated: i18n.NoticeOutdated, models.NewsExpired: i18n.NoticeExpired,
	models.NewsExpiring: i18n.NoticeExpiring,
}

// Of partners' requests, as the bank's staff and as the partner's users are told.
var partnerHeads = map[models.News]i18n.Key{
	models.NewsAsked: i18n.NoticePartnerAsked, models.NewsReplied: i18n.NoticePartnerReplied, models.NewsQuestion: i18n.NoticeYoursQuestion,
	models.NewsDeclined: i18n.NoticeYoursDeclined, models.NewsPrepared: i18n.NoticeYoursPrepared, models.NewsApproved: i18n.NoticeYoursApproved,
	models.NewsDecided: i18n.NoticePartnerDecided, models.NewsConfirm: i18n.NoticeYoursConfirm,
}

func (w noticeWriter) title() string {
	about := i18n.NoticesTold.In(w.lang, len(w.all))
	if len(w.all) == 1 {
		about = w.head(w.all[0])
	}
	if w.portal && w.Bank != nil {
		return i18n.NoticeTitleOfBank.In(w.lang, plain(w.Bank(w.lang)), about)
	}
	return i18n.NoticeTitle.In(w.lang, about)
}

func (w noticeWriter) head(n notice) string {
	switch {
	case n.news == models.NewsRecovered:
		return i18n.NoticeRecovered.In(w.lang, plain(n.about.Login))
	case n.ends.ID != "":
		return i18n.NoticeEnding.In(w.lang, plain(n.ends.application.Name), w.stamp(n.ends.NotAfter))
	case n.asked.ID > 0:
		return partnerHeads[n.news].In(w.lang, n.asked.ID)
	}
	return noticeHeads[n.news].In(w.lang, n.request.ID)
}

// what is the kind of a change and what it is mainly about.
func (w noticeWriter) what(r models.ChangeRequest) string {
	kind, known := i18n.ByID("notice.kind." + r.Kind)
	if !known {
		kind = i18n.NoticeKindOther
	}
	return i18n.NoticeWhat.In(w.lang, kind.In(w.lang), plain(i18n.Subject(w.lang, r.Subject)))
}

// list is where the reader finds what a message has no room for.
func (w noticeWriter) list() string {
	if w.portal {
		return w.Portal + "/portal/requests"
	}
	return w.Console + "/console/approvals"
}

func (w noticeWriter) link(n notice) string {
	switch {
	case n.ends.ID != "" && w.portal:
		return w.Portal + "/portal/applications/" + n.ends.ApplicationID
	case n.ends.ID != "":
		return w.Console + "/console/partners/" + n.ends.partner.ID + "/credentials"
	case n.asked.ID == 0:
		return w.list() + "/" + strconv.FormatInt(n.request.ID, 10)
	case w.portal:
		return w.list() + "/" + strconv.FormatInt(n.asked.ID, 10)
	}
	return w.Console + "/console/partner-requests/" + strconv.FormatInt(n.asked.ID, 10)
}

func (w noticeWriter) whole(i int) string {
	n := w.all[i]
	if n.news == models.NewsRecovered {
		return w.head(n) + "\n" + i18n.NoticeRecoveredText.In(w.lang) + "\n"
	}
	if n.ends.ID != "" {
		lines := []string{
			w.head(n), i18n.NoticePartner.In(w.lang, plain(n.ends.partner.Name)), i18n.NoticeApplication.In(w.lang, plain(n.ends.ApplicationID)),
			i18n.NoticeEndingKey.In(w.lang, plain(cmp.Or(n.ends.KID, n.ends.ID))), i18n.NoticeEndingDo.In(w.lang), w.link(n),
		}
		return strings.Join(lines, "\n") + "\n"
	}
	if n.asked.ID > 0 {
		lines := []string{
			w.head(n), i18n.NoticePartner.In(w.lang, plain(n.partner.Name)), i18n.NoticeApplication.In(w.lang, plain(n.asked.ApplicationID)),
			i18n.NoticeAskedAt.In(w.lang, w.stamp(n.asked.MadeAt)), w.link(n),
		}
		return strings.Join(lines, "\n") + "\n"
	}
	lines := []string{w.head(n), w.what(n.request), i18n.NoticeMaker.In(w.lang, w.maker(n), w.stamp(n.request.MadeAt))}
	if n.request.State == models.RequestSubmitted {
		lines = append(lines, i18n.NoticeUntil.In(w.lang, w.stamp(n.request.ExpiresAt)))
	}
	return strings.Join(append(lines, w.link(n)), "\n") + "\n"
}

func (w noticeWriter) line(i int) string {
	n := w.all[i]
	if n.news == models.NewsRecovered {
		return w.head(n) + "\n"
	}
	return fmt.Sprintf("%s: %s\n", w.head(n), w.link(n))
}

func (w noticeWriter) maker(n notice) string {
	if n.maker == "" {
		return i18n.ConsoleCommandLine.In(w.lang)
	}
	return plain(n.maker)
}

func (w noticeWriter) stamp(at int64) string { return writer{zone: w.zone}.stamp(at) }

func (w noticeWriter) entries() []post.RequestEntry {
	list := []post.RequestEntry{}
	for _, n := range w.all {
		if n.request.ID > 0 {
			list = append(list, post.RequestEntry{
				Number: n.request.ID, News: string(n.news), Kind: n.request.Kind, Subject: plain(n.request.Subject), State: string(n.request.State),
				MadeAt: n.request.MadeAt, ExpiresAt: n.request.ExpiresAt, Address: w.link(n),
			})
		}
	}
	return list
}

func (w noticeWriter) partnerEntries() (list []post.PartnerRequestEntry) {
	for _, n := range w.all {
		if n.asked.ID > 0 {
			list = append(list, post.PartnerRequestEntry{
				Number: n.asked.ID, News: string(n.news), Partner: n.asked.PartnerID, Application: n.asked.ApplicationID, State: string(n.asked.State),
				MadeAt: n.asked.MadeAt, Address: w.link(n),
			})
		}
	}
	return list
}

func (w noticeWriter) credentialEntries() (list []post.CredentialEntry) {
	for _, n := range w.all {
		if c := n.ends; c.ID != "" {
			list = append(list, post.CredentialEntry{
				ID: c.ID, News: string(n.news), Partner: c.partner.ID, Application: c.ApplicationID, Use: string(c.Use), KID: c.KID, EndsAt: c.NotAfter, Address: w.link(n),
			})
		}
	}
	return list
}

// maxPlain bounds a name in a message, characters.
const maxPlain = 100

// plain is a text that others have chosen, as a line may hold it: without what
// ends lines or steers a terminal, and not too long.
func plain(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if utf8.RuneCountInString(text) > maxPlain {
		text = string([]rune(text)[:maxPlain]) + "…"
	}
	return text
}
