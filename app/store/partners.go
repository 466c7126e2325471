package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"

	"postern/models"
)

// fold is a text in the form in which partners are searched and sorted.
func fold(text string) string { return strings.ToLower(norm.NFKC.String(strings.TrimSpace(text))) }

// maxTerms bounds by how many beginnings one text is found.
const maxTerms = 60

// partnerTerms is by what a partner is found: id, credit code and contract by
// their beginning, the names by that of each word; Chinese, which has no spaces,
// by each character.
func partnerTerms(p models.Partner) []models.PartnerTerm {
	terms := map[string]bool{}
	for _, text := range []string{p.ID, p.CreditCode, p.Contract} {
		terms[fold(text)] = true
	}
	for _, name := range []string{p.Name, p.LegalName} {
		runes, n := []rune(fold(name)), 0
		for i, r := range runes {
			begins := i == 0 || unicode.Is(unicode.Han, r) || unicode.IsSpace(runes[i-1]) && !unicode.IsSpace(r)
			if begins && n < maxTerms {
				terms[string(runes[i:])] = true
				n++
			}
		}
	}
	delete(terms, "")
	list := make([]models.PartnerTerm, 0, len(terms))
	for term := range terms {
		list = append(list, models.PartnerTerm{Term: term, PartnerID: p.ID})
	}
	slices.SortFunc(list, func(a, b models.PartnerTerm) int { return strings.Compare(a.Term, b.Term) })
	return list
}

// PartnerSort is by what a list of partners is ordered.
type PartnerSort string

// The orders; each has its index.
const (
	PartnersByName     PartnerSort = "name"
	PartnersByCreation PartnerSort = "created"  // newest first
	PartnersByContract PartnerSort = "contract" // soonest end first, those without one before
)

// PartnerSorts lists the orders.
var PartnerSorts = []PartnerSort{PartnersByName, PartnersByCreation, PartnersByContract}

// PartnerFilter says which partners are listed; what is zero does not matter.
type PartnerFilter struct {
	Search  string // the beginning of an id, a word of a name, a credit code or a contract's number
	Status  models.Status
	Risk    models.Risk
	Officer string // the account of who looks after them; Nobody for those that nobody does
	Sort    PartnerSort
}

// Nobody stands in a filter for no account.
const Nobody = "nobody"

// PartnerPlace is where a page of partners begins: behind the row with this id and
// this value of what the list is ordered by. The zero place is the beginning.
type PartnerPlace struct {
	Name, Contract, ID string
	Created            int64
}

// Partners lists partners, at most limit.
func (s *Store) Partners(ctx context.Context, f PartnerFilter, after PartnerPlace, limit int) ([]models.Partner, error) {
	var list []models.Partner
	if unstorable(f.Search) || unstorable(f.Officer) || unstorable(after.ID) {
		return nil, nil
	}
	if err := partnersQuery(s.read(ctx), f, after, limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read partners: %w", err)
	}
	return list, nil
}

func partnersQuery(db *gorm.DB, f PartnerFilter, after PartnerPlace, limit int) *gorm.DB {
	query := db.Limit(limit)
	switch f.Sort {
	case PartnersByCreation:
		query = query.Order("created_at DESC, id DESC")
		if after.ID != "" {
			query = query.Where("(created_at, id) < (?, ?)", after.Created, after.ID)
		}
	case PartnersByContract:
		query = query.Order("contract_ends, id")
		if after.ID != "" {
			query = query.Where("(contract_ends, id) > (?, ?)", after.Contract, after.ID)
		}
	default:
		query = query.Order("name_key, id")
		if after.ID != "" {
			query = query.Where("(name_key, id) > (?, ?)", after.Name, after.ID)
		}
	}
	if f.Status != "" {
		query = query.Where("status = ?", f.Status)
	}
	if f.Risk != "" {
		query = query.Where("risk = ?", f.Risk)
	}
	switch f.Officer {
	case "":
	case Nobody:
		query = query.Where("officer_id = ''")
	default:
		query = query.Where("officer_id = ?", f.Officer)
	}
	if term := fold(f.Search); term != "" {
		// U+10FFFF sorts behind everything that goes on after the term.
		query = query.Where("id IN (SELECT partner_id FROM partner_terms WHERE term >= ? AND term < ?)", term, term+"\U0010FFFF")
	}
	return query
}

// PartnerCounts are numbers about a partner.
type PartnerCounts struct {
	Applications int64
	VisitsToday  int64
	LastChange   int64 // Unix ms of the newest thing that a person did to it; 0 for none
}

var partnerCountsSQL = `SELECT p.id,
		(SELECT count(*) FROM applications a WHERE a.partner_id = p.id) AS applications,
		(SELECT coalesce(sum(r.count), 0) FROM applications a CROSS JOIN rollups r WHERE a.partner_id = p.id
			AND r.span = 'hour' AND r.kind = 'vt' AND r.application_id = a.id AND r.outcome = 'ok' AND r.start IN ` + hourStarts + `) AS visits_today,
		coalesce((SELECT e.at FROM events e WHERE e.partner_id = p.id AND e.partner_id <> '' AND e.actor <> '' AND substr(e.kind, 1, 8) <> 'session.'
			ORDER BY e.id DESC LIMIT 1), 0) AS last_change
	FROM partners p WHERE p.id IN ?`

// PartnerCounts are the numbers beside partners in a list: visits are those of the
// hours that begin in [from, until), Unix ms.
func (s *Store) PartnerCounts(ctx context.Context, ids []string, from, until int64) (map[string]PartnerCounts, error) {
	counts := make(map[string]PartnerCounts, len(ids))
	if len(ids) == 0 {
		return counts, nil
	}
	var rows []struct {
		ID string
		PartnerCounts
	}
	err := s.read(ctx).Raw(partnerCountsSQL, from, until, until, ids).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count for partners: %w", err)
	}
	for _, r := range rows {
		counts[r.ID] = r.PartnerCounts
	}
	return counts, nil
}

var hourlyVisitsSQL = `SELECT application_id, start, sum(count) AS count FROM rollups
	WHERE span = 'hour' AND kind = 'vt' AND application_id IN ? AND outcome = 'ok' AND start IN ` + hourStarts + ` GROUP BY application_id, start`

// HourlyVisits counts visits that applications opened, by hour (Unix ms), for
// hours that begin in [from, until).
func (s *Store) HourlyVisits(ctx context.Context, applications []string, from, until int64) (map[string]map[int64]int64, error) {
	var rows []models.Rollup
	err := s.read(ctx).Raw(hourlyVisitsSQL, applications, from, until, until).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count visits by hour: %w", err)
	}
	counts := map[string]map[int64]int64{}
	for _, r := range rows {
		if counts[r.ApplicationID] == nil {
			counts[r.ApplicationID] = map[int64]int64{}
		}
		counts[r.ApplicationID][r.Start] = r.Count
	}
	return counts, nil
}

// LiveVisits counts the visits of applications that are live at now (Unix ms), of
// those that were opened since; at most 100,000 of each application.
func (s *Store) LiveVisits(ctx context.Context, applications []string, since, now int64) (map[string]int64, error) {
	return liveVisits(s.read(ctx), applications, since, now)
}

// LiveVisits counts them in a change's own picture.
func (b Business) LiveVisits(applications []string, since, now int64) (map[string]int64, error) {
	if b.db == nil {
		return map[string]int64{}, nil
	}
	// What is counted is no row to lock.
	return liveVisits(b.db.Session(&gorm.Session{NewDB: true}), applications, since, now)
}

func liveVisits(db *gorm.DB, applications []string, since, now int64) (map[string]int64, error) {
	counts := make(map[string]int64, len(applications))
	for _, id := range applications {
		var n int64
		err := db.Raw("SELECT count(*) FROM (SELECT 1"+liveOfApplication+" LIMIT ?) AS live", id, since, now, MaxLive).Scan(&n).Error
		if err != nil {
			return nil, fmt.Errorf("count live visits: %w", err)
		}
		counts[id] = n
	}
	return counts, nil
}

// ofPartners is the condition of the index on what persons did to a partner.
const ofPartners = "partner_id = ? AND partner_id <> '' AND actor <> '' AND substr(kind, 1, 8) <> 'session.'"

// PartnerEvents lists what persons did to a partner and what is its own, newest
// first, at most limit, those below an id; "" begins with the newest. Who signed in
// is not among them.
func (s *Store) PartnerEvents(ctx context.Context, partner, below string, limit int) ([]models.Event, error) {
	var list []models.Event
	if unstorable(partner) || unstorable(below) {
		return nil, nil
	}
	query := s.read(ctx).Order("id DESC").Limit(limit).Where(ofPartners, partner)
	if below != "" {
		query = query.Where("id < ?", below)
	}
	if err := query.Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read events of partner: %w", err)
	}
	return list, nil
}

// AddNote adds a note about a partner.
func (tx *Tx) AddNote(n models.PartnerNote) error { return tx.put(&n) }

// Notes lists the notes about a partner, newest first, at most limit, those below
// an id; "" begins with the newest.
func (s *Store) Notes(ctx context.Context, partner, below string, limit int) ([]models.PartnerNote, error) {
	var list []models.PartnerNote
	if unstorable(partner) || unstorable(below) {
		return nil, nil
	}
	query := s.read(ctx).Order("id DESC").Limit(limit).Where("partner_id = ?", partner)
	if below != "" {
		query = query.Where("id < ?", below)
	}
	if err := query.Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	return list, nil
}

// AddRemoval puts on record that a partner was closed.
func (tx *Tx) AddRemoval(r models.Removal) error { return tx.put(&r) }

// RemovalOf reads what is on record of a closed partner.
func (s *Store) RemovalOf(ctx context.Context, partner string) (models.Removal, bool, error) {
	return one[models.Removal](s.read(ctx), "partner_id = ?", partner)
}

// SaveOnboarding saves a registration that was begun.
func (tx *Tx) SaveOnboarding(d models.Onboarding) error { return tx.put(&d) }

// DropOnboarding deletes a registration of an account; ok is false when there is none.
func (tx *Tx) DropOnboarding(id, account string) (ok bool, err error) {
	return tx.claimed(tx.db.Delete(&models.Onboarding{}, "id = ? AND account_id = ?", id, account))
}

// Onboarding reads a registration of an account.
func (s *Store) Onboarding(ctx context.Context, id, account string) (models.Onboarding, bool, error) {
	return one[models.Onboarding](s.read(ctx), "id = ? AND account_id = ?", id, account)
}

// Onboardings lists the registrations that an account has begun, handed in or not,
// newest first, at most limit.
func (s *Store) Onboardings(ctx context.Context, account string, limit int) ([]models.Onboarding, error) {
	var list []models.Onboarding
	if err := s.read(ctx).Order("id DESC").Limit(limit).Find(&list, "account_id = ?", account).Error; err != nil {
		return nil, fmt.Errorf("read registrations: %w", err)
	}
	return list, nil
}
