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

// Notices tells the bank's staff what waits for them and what became of what they
// asked for. What it writes goes out by the Outbox. The zero Notices tells nobody.
type Notices struct {
	Config  config.Alerts
	Console string                                // the console's address, for links
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
	tellings := n.Config.Tellings()
	var queues []string
	for _, receiver := range slices.Sorted(maps.Keys(tellings)) {
		switch {
		case !tellings[receiver].Approvals:
		case receiver != config.ReceiverMail:
			queues = append(queues, receiver+toStaff)
		default:
			for _, a := range readers {
				queues = append(queues, receiver+"/"+a.ID)
			}
		}
	}
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
	if n.Config.Mail.Host == "" {
		return nil, nil
	}
	if news != models.NewsAsked {
		a, found, err := w.Mailbox(r.Maker)
		if err != nil || !found || a.Email == "" || a.Status != models.AccountActive {
			return nil, err
		}
		return []models.Account{a}, nil
	}
	roles, err := n.deciding(r.Kind)
	if err != nil || len(roles) == 0 {
		return nil, err
	}
	list, err := w.Mailboxes(roles, maxReaders)
	return slices.DeleteFunc(list, func(a models.Account) bool { return isMaker(a, r) }), err
}

func isMaker(a models.Account, r models.ChangeRequest) bool {
	return a.ID == r.Maker || a.PersonID == r.MakerPerson
}

// deciding are the roles that decide requests of a kind. Who has two that exclude
// each other is sorted out when they are written to.
func (n Notices) deciding(kind string) (roles []models.StaffRole, err error) {
	for _, role := range models.StaffRoles {
		rights, err := n.Staff.Rights(string(role))
		if err != nil {
			return nil, err
		}
		if rights.May(n.Check(kind)) {
			roles = append(roles, role)
		}
	}
	return roles, nil
}

// mayDecide reports whether somebody with roles may decide a request.
func (n Notices) mayDecide(a models.Account, held []models.StaffRole, r models.ChangeRequest) (bool, error) {
	names := make([]string, len(held))
	for i, role := range held {
		names[i] = string(role)
	}
	rights, err := n.Staff.Rights(names...)
	return err == nil && !isMaker(a, r) && rights.May(n.Check(r.Kind)), err
}

// Reader splits a queue's name: whose mail it is, or the group's receiver.
func Reader(queue string) (receiver, account string) {
	receiver, account, _ = strings.Cut(queue, "/")
	if "/"+account == toStaff {
		account = ""
	}
	return receiver, account
}
