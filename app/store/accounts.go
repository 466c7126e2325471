package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"postern/models"
)

// Accounts reads persons, accounts and sessions from one picture of the database.
type Accounts struct {
	db *gorm.DB
}

// Accounts lets f read on one picture of the database; f must not keep it.
func (s *Store) Accounts(ctx context.Context, f func(Accounts) error) error {
	tx := s.read(ctx).Begin(s.snapshotOptions())
	if tx.Error != nil {
		return fmt.Errorf("begin read: %w", tx.Error)
	}
	defer tx.Rollback()
	return f(Accounts{db: tx})
}

// Accounts reads what a change looks at; rows that it reads one at a time stay
// as they are until the transaction ends.
func (tx *Tx) Accounts() Accounts {
	if tx.db.Name() != "postgres" {
		return Accounts{db: tx.db}
	}
	return Accounts{db: tx.db.Clauses(clause.Locking{Strength: "UPDATE"}).Session(&gorm.Session{})}
}

// unlocked reads in the same transaction, and locks nothing.
func (a Accounts) unlocked() *gorm.DB { return a.db.Session(&gorm.Session{NewDB: true}) }

// one reads the row that matches; found is false when there is none.
func one[T any](db *gorm.DB, query string, args ...any) (row T, found bool, err error) {
	for _, a := range args {
		if text, ok := a.(string); ok && unstorable(text) {
			return row, false, nil
		}
	}
	err = db.Where(query, args...).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, false, nil
	}
	if err != nil {
		return row, false, fmt.Errorf("read %T: %w", row, err)
	}
	return row, true, nil
}

// Account reads an account by its id.
func (a Accounts) Account(id string) (models.Account, bool, error) {
	return one[models.Account](a.db, "id = ?", id)
}

// AccountByLogin reads an account by its folded login.
func (a Accounts) AccountByLogin(realm models.Realm, login string) (models.Account, bool, error) {
	if a.db == nil {
		return models.Account{}, false, nil
	}
	return one[models.Account](a.db, "realm = ? AND login = ?", realm, login)
}

// AccountsByID reads accounts, and locks none.
func (a Accounts) AccountsByID(ids []string) ([]models.Account, error) {
	return find[models.Account](Business{db: a.unlocked()}, "id", "id", append([]string{}, ids...))
}

// AccountsOf lists the accounts of a realm that come after a login, at most
// limit, by login.
func (a Accounts) AccountsOf(realm models.Realm, after string, limit int) ([]models.Account, error) {
	var list []models.Account
	err := a.db.Order("login").Limit(limit).Find(&list, "realm = ? AND login > ?", realm, after).Error
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return list, nil
}

// ActiveStaff reports whether anybody of the bank's staff has got in.
func (a Accounts) ActiveStaff() (bool, error) { return activeStaff(a.db) }

func activeStaff(db *gorm.DB) (bool, error) {
	var some []string
	err := db.Model(&models.Account{}).Limit(1).
		Where("realm = ? AND status <> ?", models.StaffRealm, models.AccountInvited).Pluck("id", &some).Error
	if err != nil {
		return false, fmt.Errorf("look for staff: %w", err)
	}
	return len(some) > 0, nil
}

// Roles lists the roles of accounts, by account and role.
func (a Accounts) Roles(accounts ...string) ([]models.StaffRoleRow, error) {
	return find[models.StaffRoleRow](Business(a), "account_id", "account_id, role", accounts)
}

// Serves reports whether an account of the staff's holds a role and is not disabled.
func (a Accounts) Serves(account models.Account, role models.StaffRole) (bool, error) {
	if account.Realm != models.StaffRealm || account.Status == models.AccountDisabled {
		return false, nil
	}
	held, err := a.Roles(account.ID)
	return slices.ContainsFunc(held, func(r models.StaffRoleRow) bool { return r.Role == role }), err
}

// WithRole lists the staff with a role that is not disabled, by id, at most limit.
func (a Accounts) WithRole(role models.StaffRole, limit int) ([]models.Account, error) {
	var list []models.Account
	err := a.db.Order("id").Limit(limit).Find(&list,
		"id IN (SELECT account_id FROM staff_roles WHERE role = ?) AND status <> ?", role, models.AccountDisabled).Error
	if err != nil {
		return nil, fmt.Errorf("read staff by role: %w", err)
	}
	return list, nil
}

// Mailboxes lists the staff who are in, have one of the roles and an address for
// mail, by id, at most limit. Nobody's row is locked: whether they still are and
// have is looked at again when they are written to.
func (tx *Tx) Mailboxes(roles []models.StaffRole, limit int) ([]models.Account, error) {
	var list []models.Account
	if err := tx.db.Raw(mailboxesSQL, roles, models.AccountActive, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read mailboxes: %w", err)
	}
	return list, nil
}

const mailboxesSQL = `SELECT * FROM accounts WHERE id IN (SELECT account_id FROM staff_roles WHERE role IN ?)
	AND status = ? AND email <> '' ORDER BY id LIMIT ?`

// Mailbox is an account as it is, unlocked.
func (tx *Tx) Mailbox(account string) (models.Account, bool, error) {
	return one[models.Account](tx.db, "id = ?", account)
}

// Factors lists an account's factors, oldest first.
func (a Accounts) Factors(account string) ([]models.Factor, error) {
	return find[models.Factor](Business(a), "account_id", "created_at, id", []string{account})
}

// FactorByExternal reads a passkey or a sign-on elsewhere by what it is known by.
func (a Accounts) FactorByExternal(kind models.FactorKind, external string) (models.Factor, bool, error) {
	return one[models.Factor](a.db, "kind = ? AND external = ? AND external <> ''", kind, external)
}

// RecoveryCodes lists an account's recovery codes, used ones too.
func (a Accounts) RecoveryCodes(account string) ([]models.RecoveryCode, error) {
	return find[models.RecoveryCode](Business(a), "account_id", "account_id, hash", []string{account})
}

// Session reads a session by the hash of its cookie.
func (a Accounts) Session(hash string) (models.Session, bool, error) {
	return one[models.Session](a.db, "hash = ?", hash)
}

// SessionByID reads a session by its id.
func (a Accounts) SessionByID(id string) (models.Session, bool, error) {
	return one[models.Session](a.db, "id = ?", id)
}

// LiveSessions lists an account's sessions that have not ended at now (Unix ms)
// and were seen since a time, newest first, at most limit.
func (a Accounts) LiveSessions(account string, now, seenSince int64, limit int) ([]models.Session, error) {
	var list []models.Session
	err := a.db.Order("created_at DESC").Limit(limit).
		Find(&list, "account_id = ? AND ended_at = 0 AND ends_at > ? AND seen_at > ?", account, now, seenSince).Error
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return list, nil
}

// SetupLink reads a set-up link by the hash of its token.
func (a Accounts) SetupLink(hash string) (models.SetupLink, bool, error) {
	return one[models.SetupLink](a.db, "hash = ?", hash)
}

// Challenge reads a challenge that is not over at a time (Unix ms), without taking it.
func (a Accounts) Challenge(hash, kind string, at int64) (models.Challenge, bool, error) {
	return one[models.Challenge](a.db, "hash = ? AND kind = ? AND ends_at > ?", hash, kind, at)
}

// SavePerson inserts a person.
func (tx *Tx) SavePerson(p models.Person) error { return tx.put(&p) }

// SaveAccount inserts an account or replaces all its columns.
func (tx *Tx) SaveAccount(a models.Account) error { return tx.put(&a) }

// SaveFactor inserts a factor or replaces all its columns.
func (tx *Tx) SaveFactor(f models.Factor) error { return tx.put(&f) }

// SaveSession inserts a session or replaces all its columns.
func (tx *Tx) SaveSession(s models.Session) error { return tx.put(&s) }

// SaveSetupLink inserts a set-up link or replaces all its columns.
func (tx *Tx) SaveSetupLink(l models.SetupLink) error { return tx.put(&l) }

// SaveChallenge inserts a challenge or replaces all its columns.
func (tx *Tx) SaveChallenge(c models.Challenge) error { return tx.put(&c) }

// GiveRole gives a role. ErrTaken if the person is an administrator of another
// kind already.
func (tx *Tx) GiveRole(r models.StaffRoleRow) error {
	if err := tx.db.Create(&r).Error; err != nil {
		return fmt.Errorf("give role: %w", taken(err))
	}
	return nil
}

// TakeRole takes a role away; had is false when it was not there.
func (tx *Tx) TakeRole(account string, role models.StaffRole) (had bool, err error) {
	result := tx.db.Delete(&models.StaffRoleRow{}, "account_id = ? AND role = ?", account, role)
	if result.Error != nil {
		return false, fmt.Errorf("take role: %w", result.Error)
	}
	return result.RowsAffected > 0, nil
}

// DropFactor removes a factor of an account; had is false when it was not there.
func (tx *Tx) DropFactor(account, id string) (had bool, err error) {
	result := tx.db.Delete(&models.Factor{}, "account_id = ? AND id = ?", account, id)
	if result.Error != nil {
		return false, fmt.Errorf("drop factor: %w", result.Error)
	}
	return result.RowsAffected > 0, nil
}

// ReplaceRecoveryCodes puts new recovery codes in the place of all others.
func (tx *Tx) ReplaceRecoveryCodes(account string, hashes []string) error {
	if err := tx.db.Delete(&models.RecoveryCode{}, "account_id = ?", account).Error; err != nil {
		return fmt.Errorf("drop recovery codes: %w", err)
	}
	rows := make([]models.RecoveryCode, len(hashes))
	for i, hash := range hashes {
		rows[i] = models.RecoveryCode{AccountID: account, Hash: hash}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tx.db.Create(&rows).Error; err != nil {
		return fmt.Errorf("save recovery codes: %w", err)
	}
	return nil
}

// UseRecoveryCode spends a recovery code; ok is false when it is not there or
// was used.
func (tx *Tx) UseRecoveryCode(account, hash string, at int64) (ok bool, err error) {
	return tx.claimed(tx.db.Model(&models.RecoveryCode{}).
		Where("account_id = ? AND hash = ? AND used_at = 0", account, hash).Update("used_at", at))
}

// UseSetupLink spends a set-up link; ok is false when it is over or was used.
func (tx *Tx) UseSetupLink(hash string, at int64) (ok bool, err error) {
	return tx.claimed(tx.db.Model(&models.SetupLink{}).
		Where("hash = ? AND used_at = 0 AND ends_at > ?", hash, at).Update("used_at", at))
}

// DropSetupLinks makes an account's set-up links useless.
func (tx *Tx) DropSetupLinks(account string, at int64) error {
	err := tx.db.Model(&models.SetupLink{}).Where("account_id = ? AND used_at = 0", account).Update("used_at", at).Error
	if err != nil {
		return fmt.Errorf("drop set-up links: %w", err)
	}
	return nil
}

// UseStep spends a TOTP time step of a factor; ok is false when it, or a later
// one, was used.
func (tx *Tx) UseStep(factor string, step, at int64) (ok bool, err error) {
	return tx.claimed(tx.db.Model(&models.Factor{}).
		Where("id = ? AND step < ?", factor, step).Updates(map[string]any{"step": step, "used_at": at}))
}

// TakeChallenge takes a challenge that is not over; found is false when there is
// none, or somebody else has taken it.
func (tx *Tx) TakeChallenge(hash, kind string, at int64) (c models.Challenge, found bool, err error) {
	c, found, err = one[models.Challenge](tx.db, "hash = ? AND kind = ? AND ends_at > ?", hash, kind, at)
	if err != nil || !found {
		return models.Challenge{}, false, err
	}
	ok, err := tx.claimed(tx.db.Delete(&models.Challenge{}, "hash = ?", hash))
	return c, ok, err
}

// SeeSession notes that a session was used.
func (tx *Tx) SeeSession(id string, at int64) error {
	err := tx.db.Model(&models.Session{}).Where("id = ? AND ended_at = 0", id).Update("seen_at", at).Error
	if err != nil {
		return fmt.Errorf("see session: %w", err)
	}
	return nil
}

// EndSession ends a session of an account; ok is false when it had ended.
func (tx *Tx) EndSession(account, id, reason string, at int64) (ok bool, err error) {
	return tx.claimed(tx.db.Model(&models.Session{}).
		Where("id = ? AND account_id = ? AND ended_at = 0", id, account).
		Updates(map[string]any{"ended_at": at, "end_reason": reason}))
}

// EndSessions ends all sessions of an account but one.
func (tx *Tx) EndSessions(account, but, reason string, at int64) (ended int64, err error) {
	result := tx.db.Model(&models.Session{}).
		Where("account_id = ? AND id <> ? AND ended_at = 0", account, but).
		Updates(map[string]any{"ended_at": at, "end_reason": reason})
	if result.Error != nil {
		return 0, fmt.Errorf("end sessions: %w", result.Error)
	}
	return result.RowsAffected, nil
}

// put inserts a row or replaces all its columns.
func (tx *Tx) put(row any) error {
	if err := tx.db.Clauses(clause.OnConflict{UpdateAll: true}).Create(row).Error; err != nil {
		return fmt.Errorf("save %T: %w", row, taken(err))
	}
	return nil
}

// claimed tells whether a statement hit its one row.
func (tx *Tx) claimed(result *gorm.DB) (bool, error) {
	if result.Error != nil {
		return false, fmt.Errorf("claim row: %w", result.Error)
	}
	return result.RowsAffected == 1, nil
}

// Prefer keeps an account's language and theme; "" leaves one as it is.
func (tx *Tx) Prefer(account, language, theme string) error {
	columns := map[string]any{}
	if language != "" {
		columns["language"] = language
	}
	if theme != "" {
		columns["theme"] = theme
	}
	if len(columns) == 0 {
		return nil
	}
	if err := tx.db.Model(&models.Account{}).Where("id = ?", account).Updates(columns).Error; err != nil {
		return fmt.Errorf("keep preferences: %w", err)
	}
	return nil
}
