package visitor

import (
	"context"
	"encoding/json"
	"fmt"
)

// Call is one business call (protocol section 6).
type Call struct {
	Method string
	Path   string
	Query  string
	Body   any    // nil for none
	JTI    string // "" draws one; a repeated write gives the first one's
}

// Reply is the upstream's answer as the gateway let it leave.
type Reply struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"-"`
}

// reply is the plaintext of a reply, with the fresh ticket of a sign-in.
type reply struct {
	JTI    string `json:"jti"`
	Status int    `json:"status"`
	Body   any    `json:"body"`
	VT     string `json:"vt"`
	SID    string `json:"sid"`
}

// Call makes one call. A refusal by the gateway is a *Problem; an answer of
// the upstream is a Reply whatever its status.
func (v *Visit) Call(ctx context.Context, c Call) (Reply, error) {
	var answer reply
	plaintext := map[string]any{"method": c.Method, "path": c.Path, "headers": map[string]string{"accept": "application/json"}}
	if c.Query != "" {
		plaintext["query"] = c.Query
	}
	if c.Body != nil {
		plaintext["body"] = c.Body
	}
	if c.JTI != "" {
		plaintext["jti"] = c.JTI
	}
	if err := v.send(ctx, message{path: "/gateway/v1/calls", typ: "call+jwe", answer: "reply+jwe", plaintext: plaintext}, &answer); err != nil {
		return Reply{}, err
	}
	if answer.VT != "" {
		if err := v.take(ticket{VT: answer.VT, SID: answer.SID}); err != nil {
			return Reply{}, err
		}
	}
	body, err := json.Marshal(answer.Body)
	if err != nil {
		return Reply{}, fmt.Errorf("keep reply: %w", err)
	}
	return Reply{Status: answer.Status, Body: body}, nil
}

// Renew fetches a fresh ticket of the same visit.
func (v *Visit) Renew(ctx context.Context) error {
	var answer ticket
	if err := v.send(ctx, message{path: "/gateway/v1/visit-tokens/renew", typ: "renew+jwe", answer: "vt-resp+jwe", plaintext: map[string]any{}}, &answer); err != nil {
		return err
	}
	return v.take(answer)
}

// Close ends the visit.
func (v *Visit) Close(ctx context.Context) error {
	var answer reply
	return v.send(ctx, message{path: "/gateway/v1/visit-tokens/close", typ: "close+jwe", answer: "reply+jwe", plaintext: map[string]any{}}, &answer)
}

// message is a request of an open visit.
type message struct {
	path, typ, answer string
	plaintext         map[string]any
}

func (v *Visit) send(ctx context.Context, m message, into any) error {
	jti, given := m.plaintext["jti"].(string)
	if !given {
		var err error
		if jti, err = v.page.id(); err != nil {
			return err
		}
	}
	m.plaintext["jti"], m.plaintext["iat"] = jti, v.page.o.Now().Unix()
	text, err := json.Marshal(m.plaintext)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	envelope, err := v.up.Seal(m.typ, text, v.page.o.Rand)
	if err != nil {
		return fmt.Errorf("seal request: %w", err)
	}
	return v.page.exchange(ctx, sent{path: m.path, vt: v.vt, envelope: envelope, plaintext: text, jti: jti, typ: m.answer, key: v.down}, into)
}
