package ledger

import (
	"sync"

	"postern/models"
)

// maxRecent bounds the issued ATs that a node remembers: about 2 MiB. A page
// spends its AT within seconds, mostly at the node that issued it.
const maxRecent = 4096

// recent remembers the rows of the ATs that this node has issued last and that
// nobody has spent or revoked here.
type recent struct {
	mu     sync.Mutex
	rows   map[string]models.ATRow // by hash
	hashes [maxRecent]string       // a ring: the oldest makes room for the newest
	next   int
}

func (r *recent) add(row models.ATRow) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rows, r.hashes[r.next])
	r.rows[row.ATHash] = row
	r.hashes[r.next] = row.ATHash
	r.next = (r.next + 1) % maxRecent
}

func (r *recent) forget(atHash string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rows, atHash)
}

// Recent is the row of an AT as this node wrote it, if it was issued here lately
// and not spent or revoked here. It saves a read and promises nothing: another
// node may have spent or revoked the AT since. Spend decides, ATRow knows.
func (l *Ledger) Recent(atHash string) (row models.ATRow, ok bool) {
	l.recent.mu.Lock()
	defer l.recent.mu.Unlock()
	row, ok = l.recent.rows[atHash]
	return row, ok
}
