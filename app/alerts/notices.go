package alerts

import (
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"postern/app/change"
	"postern/app/config"
	"postern/app/ledger"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
)

const (
	// gatherFor is how long news of requests waits for more: who asks for many
	// things asks within minutes.
	gatherFor = time.Minute
	// maxReaders bounds how many persons are written to about one thing.
	maxReaders = 100
	// toStaff ends the name of a group's queue of news for the bank's staff, which
	// neither waits behind alerts nor holds them up.
	toStaff = "/staff"
)

// takesRequests is the permission with which staff take partners' requests.
var takesRequests = policies.Permission{Resource: "business", Action: "make"}

// Notices tells the bank's staff what waits for them and what became of what they
// asked for, and partners' users what the bank says to what they asked for. What it
// writes goes out by the Outbox. The zero Notices tells nobody.
type Notices struct {
	Config  config.Alerts
	Console string                                // the console's address, for links
	Portal  string                                // the portal's
	Bank    func(l i18n.Lang) string              // the bank's name, in whose name partners are written to; nil for none
	Staff   *policies.Staff                       // who may decide
	Check   func(kind string) policies.Permission // with which permission requests of a kind are decided
	Rand    io.Reader
}

// TellOfRequest writes down who is told what of a change request, in the
// transaction of w: of one that waits everybody who may decide it, of anything
// else its maker; and the groups of both.
func (n Notices) TellOfRequest(w change.Writer, r models.ChangeRequest, news models.News) error {
	readers, err := n.readers(w, r, news)
	if err != nil {
		return err
	}
	return n.tell(w, models.Delivery{RequestID: r.ID, News: news, DueAt: w.Now.Add(gatherFor).UnixMilli()}, readers)
}

// stillSo is where a partner's request stands as long as news of it that its own side
// is told is news. Of anything else the bank's is told.
var stillSo = map[models.News]models.PartnerRequestState{
	models.NewsQuestion: models.PartnerQuestion, models.NewsPrepared: models.PartnerInReview,
	models.NewsDeclined: models.PartnerDeclined, models.NewsApproved: models.PartnerApproved,
}

// TellOfPartnerRequest writes down who is told what of a partner's request, in the
// transaction of w: of what the partner has said, or done by itself, everybody of the
// staff who may take it, and the groups; of what the bank says whoever asked; of what
// waits for a second member all who may confirm it.
func (n Notices) TellOfPartnerRequest(w change.Writer, r models.PartnerRequest, news models.News) error {
	d := models.Delivery{PartnerRequestID: r.ID, News: news, DueAt: w.Now.Add(gatherFor).UnixMilli()}
	if news == models.NewsConfirm {
		readers, err := n.membersOf(w, r.PartnerID, confirms)
		readers = slices.DeleteFunc(readers, func(a models.Account) bool { return a.PersonID == r.MakerPerson })
		if err != nil {
			return err
		}
		return n.put(w, d, n.mailboxes(readers))
	}
	if _, toPartner := stillSo[news]; toPartner {
		readers, err := n.mailboxOf(w, r.Maker)
		if err != nil {
			return err
		}
		return n.put(w, d, n.mailboxes(readers))
	}
	readers, err := n.holding(w, takesRequests)
	if err != nil {
		return err
	}
	readers = slices.DeleteFunc(readers, func(a models.Account) bool { return a.PersonID == r.MakerPerson })
	return n.tell(w, d, readers)
}

// TellOfEnd writes down that a partner's credential ends soon: who looks after it there
// is told, and the groups. The bank's own alerts have a rule for those with none to follow.
func (n Notices) TellOfEnd(w change.Writer, partner string, c models.Credential) error {
	readers, err := n.membersOf(w, partner, looksAfter)
	if err != nil {
		return err
	}
	return n.tell(w, models.Delivery{CredentialID: c.ID, News: models.NewsEnding, DueAt: w.At()}, readers)
}

// looksAfter reports whether a member looks after credentials.
func looksAfter(m models.Member) bool { return m.Role != models.PortalViewer }

// confirms reports whether a member may confirm what another one has asked; the
// portal's rules say so of who may change production.
func confirms(m models.Member) bool { return m.Production && m.Role != models.PortalViewer }

// membersOf are the accounts of a partner's team that can be written to, of members
// that are such.
func (n Notices) membersOf(w change.Writer, partner string, such func(models.Member) bool) ([]models.Account, error) {
	if !n.mails() {
		return nil, nil
	}
	members, err := w.Accounts().Members(partner, maxReaders)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, m := range members {
		if such(m) {
			ids = append(ids, m.AccountID)
		}
	}
	accounts, err := w.Accounts().AccountsByID(ids)
	return slices.DeleteFunc(accounts, func(a models.Account) bool { return a.Email == "" || a.Status != models.AccountActive }), err
}

// TellOfRecovery writes down that somebody's account got a new set-up link on the
// command line: its owner, every administrator and the groups are told, at once.
func (n Notices) TellOfRecovery(w change.Writer, a models.Account) error {
	readers, err := w.Mailboxes([]models.StaffRole{models.SystemRole, models.SecurityRole, models.AuditRole}, maxReaders)
	if err != nil {
		return err
	}
	if a.Email != "" && !slices.ContainsFunc(readers, func(other models.Account) bool { return other.ID == a.ID }) {
		readers = append(readers, a)
	}
	return n.tell(w, models.Delivery{AccountID: a.ID, News: models.NewsRecovered, DueAt: w.At()}, readers)
}

// tell puts news into the queue of every group, and of every reader of mail.
func (n Notices) tell(w change.Writer, d models.Delivery, readers []models.Account) error {
	var queues []string
	tellings := n.Config.Tellings()
	for _, receiver := range slices.Sorted(maps.Keys(tellings)) {
		if receiver != config.ReceiverMail && tellings[receiver].Approvals {
			queues = append(queues, receiver+toStaff)
		}
	}
	return n.put(w, d, append(queues, n.mailboxes(readers)...))
}

// mailboxes are the queues of readers of mail; none where mail says nothing of requests.
func (n Notices) mailboxes(readers []models.Account) (queues []string) {
	if !n.mails() {
		return nil
	}
	for _, a := range readers {
		queues = append(queues, config.ReceiverMail+"/"+a.ID)
	}
	return queues
}

func (n Notices) mails() bool { return n.Config.Tellings()[config.ReceiverMail].Approvals }

// put puts news into queues.
func (n Notices) put(w change.Writer, d models.Delivery, queues []string) error {
	for _, queue := range queues {
		id, err := ledger.NewID(w.Now, n.Rand)
		if err != nil {
			return err
		}
		d.ID, d.Receiver = id, queue
		if err := w.AppendDelivery(d); err != nil {
			return err
		}
	}
	return nil
}

// readers are the accounts that get mail about a request.
func (n Notices) readers(w change.Writer, r models.ChangeRequest, news models.News) ([]models.Account, error) {
	if news != models.NewsAsked {
		return n.mailboxOf(w, r.Maker)
	}
	list, err := n.holding(w, n.Check(r.Kind))
	return slices.DeleteFunc(list, func(a models.Account) bool { return isMaker(a, r) }), err
}

// mailboxOf is an account that can be written to; none where it is not one.
func (n Notices) mailboxOf(w change.Writer, account string) ([]models.Account, error) {
	if !n.mails() {
		return nil, nil
	}
	a, found, err := w.Mailbox(account)
	if err != nil || !found || a.Email == "" || a.Status != models.AccountActive {
		return nil, err
	}
	return []models.Account{a}, nil
}

// holding are the accounts of staff that can be written to and have a permission.
func (n Notices) holding(w change.Writer, p policies.Permission) ([]models.Account, error) {
	if !n.mails() {
		return nil, nil
	}
	roles, err := n.roles(p)
	if err != nil || len(roles) == 0 {
		return nil, err
	}
	return w.Mailboxes(roles, maxReaders)
}

func isMaker(a models.Account, r models.ChangeRequest) bool {
	return a.ID == r.Maker || a.PersonID == r.MakerPerson
}

// roles are those that have a permission. Who has two that exclude each other is
// sorted out when they are written to.
func (n Notices) roles(p policies.Permission) (roles []models.StaffRole, err error) {
	for _, role := range models.StaffRoles {
		may, err := n.may([]models.StaffRole{role}, p)
		if err != nil {
			return nil, err
		}
		if may {
			roles = append(roles, role)
		}
	}
	return roles, nil
}

// may reports whether somebody with roles has a permission.
func (n Notices) may(held []models.StaffRole, p policies.Permission) (bool, error) {
	names := make([]string, len(held))
	for i, role := range held {
		names[i] = string(role)
	}
	rights, err := n.Staff.Rights(names...)
	return err == nil && rights.May(p), err
}

// Reader splits a queue's name: whose mail it is, or the group's receiver.
func Reader(queue string) (receiver, account string) {
	receiver, account, _ = strings.Cut(queue, "/")
	if "/"+account == toStaff {
		account = ""
	}
	return receiver, account
}
