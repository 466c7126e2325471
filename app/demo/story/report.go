package story

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Report is what the page's observer tells of one exchange with the gateway,
// or of its keys. Times are Unix milliseconds by the browser's clock.
type Report struct {
	Kind    string  `json:"kind"` // "exchange" or "keys"
	Path    string  `json:"path"` // at the gateway
	Status  int     `json:"status"`
	Sent    float64 `json:"sent"`
	Headers float64 `json:"headers"` // when the answer began
	From    float64 `json:"from"`    // of keys: when E was opened
	Until   float64 `json:"until"`
	Request Message `json:"request"`
	Reply   Message `json:"reply"`
}

// MaxReport is how long a report may be, in octets.
const MaxReport = 256 << 10

var errReport = errors.New("not a report of the demo's page")

// ParseReport reads a report.
func ParseReport(data []byte) (Report, error) {
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return Report{}, fmt.Errorf("%w: %w", errReport, err)
	}
	if r.Kind != "exchange" && r.Kind != "keys" {
		return Report{}, errReport
	}
	return r, nil
}

func at(ms float64) time.Time { return time.UnixMicro(int64(ms * 1000)) }

// Steps says what a report tells of the visit t: C, D and E of an exchange of
// AT for VT, F of the keys, G of a call. Renewals and closings are no steps.
func (r Report) Steps(t Trace, bank Bank) []Step {
	switch {
	case r.Kind == "keys":
		return []Step{{Letter: "F", From: at(r.From), Until: at(r.Until)}}
	case r.Path == "/gateway/v1/visit-tokens":
		return r.entry(t)
	case r.Path == "/gateway/v1/calls":
		return []Step{r.call(t, bank)}
	}
	return nil
}

// entry is the exchange of AT for VT. C lasts from the AT's arrival at the
// partner to the page's first message.
func (r Report) entry(t Trace) []Step {
	sent, answered := at(r.Sent), at(r.Headers)
	opened := sent
	if b, ok := t.step("B"); ok && b.Until.Before(sent) {
		opened = b.Until
	}
	return []Step{
		{Letter: "C", From: opened, Until: sent, Bytes: len(t.Address), Request: Message{Sealed: t.Address}},
		{Letter: "D", From: sent, Until: answered, Bytes: len(r.Request.Sealed), Request: r.Request},
		{Letter: "E", From: answered, Until: at(r.Until), Bytes: len(r.Reply.Sealed), Reply: r.Reply, Code: r.code()},
	}
}

func (r Report) call(t Trace, bank Bank) Step {
	var asked struct{ Method, Path string }
	_ = json.Unmarshal([]byte(r.Request.Opened), &asked) // unreadable: an empty line is shown
	step := Step{
		Letter: "G", From: at(r.Sent), Until: at(r.Until), Bytes: len(r.Reply.Sealed), Code: r.code(),
		Call: asked.Method + " " + asked.Path, Request: r.Request, Reply: r.Reply,
	}
	if step.Code != "" || bank == nil {
		return step
	}
	answer, ok := bank.Answer(t.VID, asked.Method, asked.Path)
	if !ok {
		return step
	}
	var left struct{ Body json.RawMessage }
	_ = json.Unmarshal([]byte(r.Reply.Opened), &left)
	step.Reached = answer.Assertion
	step.Receipt = compare(answer, left.Body)
	return step
}

// code is the wire code of a refusal; "" when the exchange went well. It is
// taken from inside the envelope, or from a problem in the clear.
func (r Report) code() string {
	if r.Status == 0 {
		return "network"
	}
	if r.Status < 400 {
		return ""
	}
	for _, text := range []string{r.Reply.Opened, r.Reply.Sealed} {
		var problem struct{ Code string }
		if json.Unmarshal([]byte(text), &problem) == nil && problem.Code != "" {
			return problem.Code
		}
	}
	return fmt.Sprint(r.Status)
}

// RequestID is the gateway's name for a refused request, as its answer gives it.
func (s Step) RequestID() string {
	for _, text := range []string{s.Reply.Opened, s.Reply.Sealed} {
		var problem struct {
			RequestID string `json:"request_id"`
		}
		if json.Unmarshal([]byte(text), &problem) == nil && problem.RequestID != "" {
			return problem.RequestID
		}
	}
	return ""
}

// vid is the visit's id, which E brings.
func (s Step) vid() string {
	if s.Letter != "E" {
		return ""
	}
	var answer struct{ VID string }
	_ = json.Unmarshal([]byte(s.Reply.Opened), &answer)
	return answer.VID
}
