package story

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"postern/views/demo"
	"postern/views/i18n"
)

var titles = map[string]i18n.Key{
	"A": i18n.DemoMessageA, "B": i18n.DemoMessageB, "C": i18n.DemoMessageC, "D": i18n.DemoMessageD,
	"E": i18n.DemoMessageE, "F": i18n.DemoMessageF, "G": i18n.DemoMessageG,
}

var notes = map[string]i18n.Key{
	"A": i18n.DemoNoteA, "B": i18n.DemoNoteB, "C": i18n.DemoNoteC, "D": i18n.DemoNoteD,
	"E": i18n.DemoNoteE, "F": i18n.DemoNoteF, "G": i18n.DemoNoteG,
}

// refusals are the words for the steps at which a visit can stop.
var refusals = map[string]struct{ title, note i18n.Key }{
	"B": {i18n.DemoRefusedB, i18n.DemoNoteBRefused},
	"E": {i18n.DemoRefusedE, i18n.DemoNoteERefused},
	"G": {i18n.DemoRefusedG, i18n.DemoNoteERefused},
}

// message is the card of a step. With sealed, it shows only what somebody
// between the two parties sees.
func message(ctx context.Context, s Step, sealed bool) *demo.MessageCard {
	card := &demo.MessageCard{
		Letter: s.Letter, State: state(s), Title: i18n.T(ctx, titles[s.Letter]),
		Note: i18n.T(ctx, notes[s.Letter]), Refused: s.Code != "", Panes: panes(ctx, s),
	}
	if refused, known := refusals[s.Letter]; known && s.Code != "" {
		card.Title, card.Note = i18n.T(ctx, refused.title), i18n.T(ctx, refused.note)
	}
	if s.Entry != nil {
		card.Panes = append(card.Panes, demo.Pane{
			Label: i18n.T(ctx, i18n.DemoBankSide, reason(ctx, s.Code, s.Entry.Reason)), Inside: true, Lines: jsonLines(string(s.Entry.Body)),
		})
	}
	if sealed {
		card.Panes = slices.DeleteFunc(card.Panes, func(p demo.Pane) bool { return len(p.Parts) == 0 })
		for i := range card.Panes {
			card.Panes[i].Lines = nil
		}
		card.Note = i18n.T(ctx, i18n.DemoSealedNote)
	}
	return card
}

// reason is the ledger's reason with the sentence that staff read of it.
func reason(ctx context.Context, code, reason string) string {
	if e, known := i18n.Explain(code, reason); known {
		return reason + ". " + i18n.T(ctx, e.Cause)
	}
	return reason
}

func panes(ctx context.Context, s Step) []demo.Pane {
	switch s.Letter {
	case "A":
		return []demo.Pane{{Lines: []demo.Line{{{Class: "key", Text: s.Request.Opened}}}}}
	case "B":
		return []demo.Pane{
			// Of a refusal the reply and the ledger's reason are what is worth seeing.
			{Label: i18n.T(ctx, i18n.DemoRequest), Folded: s.Code != "", Lines: formLines(s.Request.Opened)},
			envelope(ctx, i18n.DemoReply, s.Reply, i18n.DemoPartCEK),
		}
	case "C":
		return []demo.Pane{address(ctx, s.Request.Sealed)}
	case "D":
		return []demo.Pane{envelope(ctx, i18n.Key{}, s.Request, i18n.DemoPartKey)}
	case "E":
		return []demo.Pane{envelope(ctx, i18n.Key{}, s.Reply, i18n.Key{})}
	case "F":
		return []demo.Pane{{Lines: derivation}}
	}
	return callPanes(ctx, s)
}

func callPanes(ctx context.Context, s Step) []demo.Pane {
	panes := []demo.Pane{
		envelope(ctx, i18n.DemoRequest, s.Request, i18n.Key{}),
		envelope(ctx, i18n.DemoReply, s.Reply, i18n.Key{}),
	}
	if len(s.Reached) > 0 {
		panes = append(panes, demo.Pane{Label: i18n.T(ctx, i18n.DemoReachedBank), Folded: true, Lines: jsonLines(string(s.Reached))})
	}
	return panes
}

// envelope is a pane with a message's parts and its contents. key names the
// second part, which is empty under a shared key.
func envelope(ctx context.Context, label i18n.Key, m Message, key i18n.Key) demo.Pane {
	pane := demo.Pane{Label: i18n.T(ctx, label), Parts: compactParts(m.Sealed), Lines: jsonLines(m.Opened)}
	if len(pane.Parts) == 0 {
		// In the clear: a problem, or a refusal of the token endpoint.
		pane.Lines = jsonLines(cmp.Or(m.Opened, m.Sealed))
		return pane
	}
	names := []i18n.Key{i18n.DemoPartHeader, key, i18n.DemoPartIV, i18n.DemoPartContent, i18n.DemoPartTag}
	for i, part := range pane.Parts {
		if names[i] != (i18n.Key{}) {
			pane.Legend = append(pane.Legend, demo.Part{Class: part.Class, Text: i18n.T(ctx, names[i])})
		}
	}
	return pane
}

// address is the pane of the address that the app opened, AT and all.
func address(ctx context.Context, whole string) demo.Pane {
	before, at, _ := strings.Cut(whole, "#at=")
	pane := demo.Pane{
		Parts:  []demo.Part{{Class: "address", Text: before + "#at="}},
		Legend: []demo.Part{{Class: "address", Text: i18n.T(ctx, i18n.DemoPartAddress)}},
	}
	names := []i18n.Key{i18n.DemoPartHeader, i18n.DemoPartClaims, i18n.DemoPartSigned}
	for i, part := range compactParts(at) {
		pane.Parts = append(pane.Parts, part)
		pane.Legend = append(pane.Legend, demo.Part{Class: part.Class, Text: i18n.T(ctx, names[i])})
	}
	if parts := strings.Split(at, "."); len(parts) == 3 {
		if claims, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Valid(claims) {
			pane.Lines = jsonLines(string(claims))
		}
	}
	return pane
}

// derivation is step F as protocol section 5 has it.
var derivation = []demo.Line{
	{{Class: "key", Text: "K_up  "}, {Class: "mark", Text: " = HKDF-SHA-256(R, salt: sid, info: "}, {Class: "string", Text: `"h5-access/v1 up"`}, {Class: "mark", Text: ")"}},
	{{Class: "key", Text: "K_down"}, {Class: "mark", Text: " = HKDF-SHA-256(R, salt: sid, info: "}, {Class: "string", Text: `"h5-access/v1 down"`}, {Class: "mark", Text: ")"}},
}
