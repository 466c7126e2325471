package store

import (
	"fmt"

	"postern/models"
)

// Member reads whose portal an account opens.
func (a Accounts) Member(account string) (models.Member, bool, error) {
	return one[models.Member](a.db, "account_id = ?", account)
}

// Members lists the members of a partner, by account, at most limit. It locks
// none: whoever counts a team holds the partner's row, and locks members' rows
// before that one.
func (a Accounts) Members(partner string, limit int) ([]models.Member, error) {
	list := []models.Member{}
	if unstorable(partner) {
		return list, nil
	}
	if err := a.unlocked().Order("account_id").Limit(limit).Find(&list, "partner_id = ?", partner).Error; err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	return list, nil
}

// Partner reads the partner that an account is of.
func (a Accounts) Partner(id string) (models.Partner, bool, error) {
	return one[models.Partner](a.db, "id = ?", id)
}

// SaveMember inserts a member or replaces all its columns.
func (tx *Tx) SaveMember(m models.Member) error { return tx.put(&m) }

// SetSecondMember saves whether a second member of a partner confirms, and who has asked
// to do without.
func (tx *Tx) SetSecondMember(p models.Partner) error {
	err := tx.db.Model(&models.Partner{}).Where("id = ?", p.ID).UpdateColumns(map[string]any{"second_member": p.SecondMember, "second_off_by": p.SecondOffBy}).Error
	if err != nil {
		return fmt.Errorf("save second member: %w", err)
	}
	return nil
}
