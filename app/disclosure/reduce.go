package disclosure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Result is a reduced reply and what happened to it. The caller owns both.
type Result struct {
	Body  []byte // one JSON value without white space around its tokens
	Shape Shape
}

// Reduce applies the plan to one reply in a single pass and returns what may leave.
//
// Kept leaves stand octet for octet as they came, numbers with all their digits. Masked leaves
// are JSON strings; a number is masked as its text, true and false show nothing, and null stays
// null. An object or array stays, if only empty, when something below its position is declared;
// one where only a leaf is declared, or nothing, goes with all it holds. Elements that go leave
// no gap, so positions in an array may shift. The outermost object or array always stays; a reply
// that is a single value becomes null unless the plan has the path "$".
//
// maxOut is the largest Body in octets; beyond it the error is ErrTooLarge. A reply that is not
// strict JSON is ErrReply. With an error nothing leaves.
func (p *Plan) Reduce(body []byte, maxOut int) (Result, error) {
	r := newReducer(p, body, maxOut)
	defer r.release()

	if err := r.run(); err != nil {
		return Result{}, fmt.Errorf("reduce reply: %w", err)
	}
	return Result{Body: bytes.Clone(r.out), Shape: r.shape()}, nil
}

// outcome is what happened at a position, as a set of bits.
type outcome uint8

const (
	kept outcome = 1 << iota
	masked
	dropped
	unknown
)

// reducer is one pass over one reply.
type reducer struct {
	plan    *Plan
	body    []byte
	input   bytes.Buffer
	decoder *jsontext.Decoder
	out     []byte
	maxOut  int

	active []*node   // the active sets of all open containers, one behind the other
	seen   []outcome // per place of the plan
	text   []byte    // scratch for unescaped text

	// note is told about every scalar of the reply, in its order: the node that decided, nil when
	// none did, the value, and what stands for it in the output. Nil but in Explain.
	note func(by *node, before, after []byte)
}

var reducers = sync.Pool{New: func() any {
	r := &reducer{}
	r.decoder = jsontext.NewDecoder(&r.input)
	return r
}}

func newReducer(p *Plan, body []byte, maxOut int) *reducer {
	r := reducers.Get().(*reducer)
	r.plan, r.body, r.maxOut = p, body, maxOut
	r.input = *bytes.NewBuffer(body)
	r.decoder.Reset(&r.input)
	r.out = r.out[:0]
	if cap(r.seen) < len(p.positions) {
		r.seen = make([]outcome, len(p.positions))
	}
	r.seen = r.seen[:len(p.positions)]
	clear(r.seen)
	return r
}

// release gives the reducer back with no reference to the reply or the plan, unless the reply was
// so large that the buffers are better forgotten.
func (r *reducer) release() {
	const largest = 256 << 10
	if cap(r.out) > largest || cap(r.text) > largest {
		return
	}
	r.plan, r.body, r.note = nil, nil, nil
	r.active = r.active[:0]
	r.input = bytes.Buffer{}
	r.decoder.Reset(&r.input)
	reducers.Put(r)
}

// run reduces the reply into r.out.
func (r *reducer) run() error {
	r.active = append(r.active[:0], r.plan.root)
	stays, err := r.value(r.active, r.plan.root, 0)
	if err != nil {
		return r.classify(err)
	}
	if !stays {
		r.out = append(r.out, "null"...)
	}

	if _, err := r.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return refuse(reasonTrailing)
	}
	return r.fits()
}

// classify leaves our own errors alone and turns the decoder's into ErrReply.
func (r *reducer) classify(err error) error {
	if errors.Is(err, ErrReply) || errors.Is(err, ErrTooLarge) {
		return err
	}
	return syntaxError(r.body, err)
}

// fits is ErrTooLarge when what is written so far, all of which stays, is beyond the limit.
func (r *reducer) fits() error {
	if len(r.out) > r.maxOut {
		return ErrTooLarge
	}
	return nil
}
