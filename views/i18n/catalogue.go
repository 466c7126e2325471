package i18n

import (
	"context"
	"fmt"
	"io"
)

// Key names one message. Keys are the package's variables; they compare equal
// only to themselves, and the zero Key reads as nothing.
type Key struct{ message *message }

type message struct {
	id    string
	one   string // English for exactly one; "" when the number does not matter
	texts [languages]string
}

// byID finds messages whose id travels through errs.Fields. It is filled while
// the package's variables are made and never written afterwards.
var byID = map[string]Key{}

// def declares a message: its id, "area.name", then English, then Chinese.
// Arguments are fmt verbs with explicit indexes wherever the two orders differ.
func def(id, english, chinese string) Key {
	return enter(&message{id: id, texts: [languages]string{english, chinese}})
}

// defCount declares a message about a number of things, which is the first
// argument. Chinese has one form.
func defCount(id, one, other, chinese string) Key {
	return enter(&message{id: id, one: one, texts: [languages]string{other, chinese}})
}

// enter files m. Two messages under one id are a mistake in this package that
// no program should start with.
func enter(m *message) Key {
	if _, taken := byID[m.id]; taken {
		panic("i18n: two messages are called " + m.id)
	}
	k := Key{m}
	byID[m.id] = k
	return k
}

// ID is the message's name in data, e.g. "common.back".
func (k Key) ID() string {
	if k.message == nil {
		return ""
	}
	return k.message.id
}

// In is the message in language l with args put in by fmt.Sprintf's rules, but that whole
// numbers have their digits grouped by %d. What is numbered, and no amount, is %v.
func (k Key) In(l Lang, args ...any) string {
	if k.message == nil {
		return ""
	}
	text := k.message.texts[l]
	if l == English && k.message.one != "" && len(args) > 0 && isOne(args[0]) {
		text = k.message.one
	}
	if len(args) == 0 {
		return text
	}
	if l == Chinese {
		text = closed(text, args)
	}
	shown := make([]any, len(args))
	for i, a := range args {
		switch n := a.(type) {
		case int:
			a = amount(n)
		case int64:
			a = amount(n)
		}
		shown[i] = a
	}
	return fmt.Sprintf(text, shown...)
}

// amount is a whole number that %d writes as Number does.
type amount int64

func (n amount) Format(f fmt.State, verb rune) {
	if verb == 'd' {
		io.WriteString(f, Number(context.Background(), int64(n)))
		return
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), int64(n))
}

func isOne(n any) bool {
	switch n := n.(type) {
	case int:
		return n == 1
	case int64:
		return n == 1
	}
	return false
}

// T is the message in the language of ctx.
func T(ctx context.Context, k Key, args ...any) string {
	return k.In(From(ctx), args...)
}

// ByID finds a message by its id, for ids that arrive as data; ok is false for
// an id that no message has.
func ByID(id string) (k Key, ok bool) {
	k, ok = byID[id]
	return k, ok
}
