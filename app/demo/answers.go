package demo

import (
	"encoding/json"
	"slices"
	"strings"

	"postern/app/demo/bank"
	"postern/app/demo/story"
)

// answers tells the story what the bank answered, and what the seeded scopes
// say about it.
type answers struct {
	bank *bank.Bank
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
		scope, fields := fieldsOf(method, path, strings.Fields(seen.By.Scope))
		return story.Answer{Body: seen.Reply, Assertion: claims, Scope: scope, Fields: fields}, true
	}
	return story.Answer{}, false
}

// fieldsOf finds the scope among held that reveals the replies of a route.
func fieldsOf(method, path string, held []string) (string, []story.Field) {
	for _, route := range loanRoutes() {
		if route.Method != method || !matches(route.Pattern, path) {
			continue
		}
		for _, s := range loanScopes {
			if s.resource == route.Resource && s.action == route.Action && slices.Contains(held, s.id) {
				return s.id, s.named()
			}
		}
	}
	return "", nil
}

func (s loanScope) named() []story.Field {
	var fields []story.Field
	for _, l := range s.fields {
		fields = append(fields, story.Field{Path: l.path, Class: l.class, Mask: l.mask})
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
