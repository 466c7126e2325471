package identity

import (
	"context"

	"postern/app/store"
	"postern/models"
)

// Peek is Current for pages that go on by themselves: being looked at does not
// keep a session from ending unused.
func (i *Identity) Peek(ctx context.Context, realm models.Realm, cookie string) (w Who, err error) {
	err = i.o.Store.Accounts(ctx, func(a store.Accounts) (err error) {
		w, err = i.current(a, realm, cookie)
		return err
	})
	return w, err
}
