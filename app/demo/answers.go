package demo

import (
	"encoding/json"
	"slices"
	"strings"

	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/demo/bank"
	"postern/app/demo/story"
)

// answers tells the story what the bank answered, and what the scopes of
// bank.yaml say about it.
type answers struct {
	bank   *bank.Bank
	routes []catalog.Route
	scopes []catalog.Scope
}

func newAnswers(loans *bank.Bank) (answers, error) {
	document, err := bankfile.Read("bank.yaml", bankFile, nil)
	if err != nil {
		return answers{}, err
	}
	a := answers{bank: loans, scopes: document.Scopes()}
	for _, s := range document.Services() {
		a.routes = append(a.routes, s.Routes...)
	}
	return a, nil
}

// Answer finds the newest answer to a visit's call.
func (a answers) Answer(vid, method, path string) (story.Answer, bool) {
	for _, seen := range slices.Backward(a.bank.Seen(vid)) {
		if seen.Method != method || seen.Path != path {
			continue
		}
		claims, err := json.Marshal(seen.By)
		if err != nil {
			return story.Answer{}, false
		}
		scope, fields := a.fieldsOf(method, path, strings.Fields(seen.By.Scope))
		return story.Answer{Body: seen.Reply, Assertion: claims, Scope: scope, Fields: fields}, true
	}
	return story.Answer{}, false
}

// fieldsOf finds the scope among held that reveals the replies of a route.
func (a answers) fieldsOf(method, path string, held []string) (string, []story.Field) {
	for _, route := range a.routes {
		if route.Method != method || !matches(route.Pattern, path) {
			continue
		}
		for _, s := range a.scopes {
			for _, p := range s.Permissions {
				if p.Resource == route.Resource && p.Action == route.Action && slices.Contains(held, s.ID) {
					return s.ID, named(p.Fields)
				}
			}
		}
	}
	return "", nil
}

func named(list []catalog.Field) []story.Field {
	var fields []story.Field
	for _, f := range list {
		fields = append(fields, story.Field{Path: f.Path, Class: f.Class, Mask: f.Mask})
	}
	return fields
}

// matches holds a path against a pattern of literal and {name} segments.
func matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i, segment := range want {
		if !strings.HasPrefix(segment, "{") && segment != got[i] {
			return false
		}
	}
	return true
}
