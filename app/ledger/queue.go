package ledger

import (
	"sync"
	"time"
)

// entry is one thing to be written. The writer calls join on each attempt, so
// join also forgets what an earlier attempt has found out.
type entry interface {
	join(*group)
	state() *waiting
}

// waiting is the part that all entries share. Its fields belong to the writer
// until done is closed.
type waiting struct {
	err  error         // the entry's own result, nil if its rows are on disk
	done chan struct{} // closed when err stands; nil where nobody waits
}

func (w *waiting) state() *waiting { return w }

// queue has two lanes of the same capacity: callers who wait, taken at once, and
// records that may wait for delay so that they travel together.
type queue struct {
	mu       sync.Mutex
	ready    sync.Cond
	callers  []entry
	records  []entry
	capacity int
	group    int
	delay    time.Duration
	timer    *time.Timer
	due      bool // the oldest record has waited long enough
	backOff  bool // the store refused the records; wait for the timer
	closed   bool
	given    bool // abandoned: records are not tried again
}

func newQueue(capacity, group int, delay time.Duration) *queue {
	q := &queue{capacity: capacity, group: group, delay: delay}
	q.ready.L = &q.mu
	q.timer = time.AfterFunc(delay, q.tick)
	q.timer.Stop()
	return q
}

func (q *queue) tick() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.due, q.backOff = true, false
	q.ready.Signal()
}

// push reports false when the lane is full or the queue closed.
func (q *queue) push(e entry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.callers) >= q.capacity {
		return false
	}
	q.callers = append(q.callers, e)
	if len(q.callers) == 1 {
		q.ready.Signal()
	}
	return true
}

// pushLater reports false when the lane is full or the queue closed.
func (q *queue) pushLater(e entry) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.records) >= q.capacity {
		return false
	}
	q.records = append(q.records, e)
	switch len(q.records) {
	case 1:
		q.timer.Reset(q.delay)
	case q.group:
		q.ready.Signal()
	}
	return true
}

// wait returns true when there is work, false when the queue is closed and empty.
func (q *queue) wait() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.hasWork() {
		if q.closed && (len(q.records) == 0 || q.given) {
			return false
		}
		q.ready.Wait()
	}
	return true
}

// recordShare is the part of a group that due records have for themselves.
const recordShare = 8

// take returns up to one group: callers first, and how many they are, filled up
// with records.
func (q *queue) take() (taken []entry, callers int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	room := q.group
	if q.due && !q.backOff && !q.given {
		room -= min(len(q.records), q.group/recordShare) // or callers could starve them for ever
	}
	taken, q.callers = split(taken, q.callers, room)
	callers = len(taken)
	if !q.backOff && !q.given {
		taken, q.records = split(taken, q.records, q.group)
	}
	if len(q.records) == 0 {
		q.due = false
		q.timer.Stop()
	}
	return taken, callers
}

func (q *queue) callersWaiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.callers)
}

func (q *queue) hasWork() bool {
	if len(q.callers) > 0 {
		return true
	}
	if len(q.records) == 0 || q.backOff || q.given {
		return false
	}
	return q.due || q.closed || len(q.records) >= q.group
}

// split moves entries from lane to taken until it holds limit.
func split(taken, lane []entry, limit int) (grown, rest []entry) {
	n := min(len(lane), limit-len(taken))
	if n == 0 {
		return taken, lane
	}
	grown = append(taken, lane[:n]...)
	if n == len(lane) {
		clear(lane) // so that the kept memory holds no entries
		return grown, lane[:0]
	}
	return grown, lane[n:]
}

// putBack returns records that a failing store refused to the head of their
// lane; they are tried again after delay.
func (q *queue) putBack(records []entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.records = append(records, q.records...)
	q.due, q.backOff = false, true
	q.timer.Reset(q.delay)
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ready.Signal()
}

// abandon makes the writer stop even if records are left.
func (q *queue) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.given = true
	q.ready.Signal()
}

// lost is how many records are left after the writer has stopped.
func (q *queue) lost() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.records)
}

func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(len(q.callers), len(q.records))
}
