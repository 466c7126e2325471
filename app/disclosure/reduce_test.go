package disclosure_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/disclosure"
)

const roomy = 1 << 20

func compile(t testing.TB, fields ...disclosure.Field) *disclosure.Plan {
	t.Helper()
	plan, err := disclosure.Compile(fields)
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return plan
}

func TestReduce(t *testing.T) {
	t.Parallel()
	type fields = []disclosure.Field
	for _, tc := range []struct {
		name   string
		fields fields
		reply  string
		want   string
		shape  disclosure.Shape
	}{
		{
			"kept, masked, dropped and undeclared members", fields{keep("id"), mask("phone", disclosure.MaskPhone), drop("pin")},
			`{ "id" : 7, "phone": "13812346027", "pin": "0000", "secret": true }`,
			`{"id":7,"phone":"138****6027"}`,
			disclosure.Shape{Kept: []string{"id"}, Masked: []string{"phone"}, Dropped: []string{"pin"}, Unknown: []string{""}},
		},
		{
			"a field that the backend adds deep inside does not leave", fields{keep("offer.limit")},
			`{"offer":{"limit":"50000","score":712,"model":{"v":[1,2]}},"debug":{"offer":{"limit":1}}}`,
			`{"offer":{"limit":"50000"}}`,
			disclosure.Shape{Kept: []string{"offer.limit"}, Unknown: []string{"", "offer"}},
		},
		{
			"every element of an array of objects", fields{mask("accounts.*.no", disclosure.MaskCard), keep("accounts.*.type")},
			`{"accounts":[{"no":"6228480000000018","type":"debit","pin":1},{"type":"credit"},{},7]}`,
			`{"accounts":[{"no":"**0018","type":"debit"},{"type":"credit"},{}]}`,
			disclosure.Shape{Kept: []string{"accounts.*.type"}, Masked: []string{"accounts.*.no"}, Unknown: []string{"accounts", "accounts.*"}},
		},
		{
			"every member of an object", fields{keep("*.id")},
			`{"a":{"id":1},"b":{"id":2,"x":3},"c":4}`,
			`{"a":{"id":1},"b":{"id":2}}`,
			disclosure.Shape{Kept: []string{"*.id"}, Unknown: []string{"", "*"}},
		},
		{
			"scalars in an array leave by a star only", fields{keep("tags.*"), keep("marks")},
			`{"tags":["a",1,null,{"x":1},["y"]],"marks":[1,2]}`,
			`{"tags":["a",1,null]}`,
			disclosure.Shape{Kept: []string{"tags.*"}, Unknown: []string{"marks", "tags.*"}},
		},
		{
			"an array of arrays is two stars", fields{keep("m.*.*")},
			`{"m":[[1,[2]],3,{"k":4}]}`, `{"m":[[1],{"k":4}]}`,
			disclosure.Shape{Kept: []string{"m.*.*"}, Unknown: []string{"m", "m.*.*"}},
		},
		{
			"an array at the top", fields{keep("*.id")},
			`[{"id":1},{"no":2},3,[4]]`, `[{"id":1},{},[]]`,
			disclosure.Shape{Kept: []string{"*.id"}, Unknown: []string{"", "*"}},
		},
		{
			"a name never matches a position in an array", fields{keep("a.0")},
			`{"a":["zero"]}`, `{"a":[]}`,
			disclosure.Shape{Unknown: []string{"a"}},
		},
		{
			"no subtree leaves under a path that names a leaf", fields{keep("card"), mask("phone", disclosure.MaskPhone), drop("pin")},
			`{"card":{"no":"6228"},"phone":["13812346027"],"pin":{"old":1}}`, `{}`,
			disclosure.Shape{Dropped: []string{"pin"}, Unknown: []string{"card", "phone"}},
		},
		{
			"no leaf leaves where a path expects an object", fields{keep("card.no")},
			`{"card":"6228480000000018"}`, `{}`,
			disclosure.Shape{Unknown: []string{""}},
		},
		{
			"a path may be a leaf in one reply and an object in another", fields{keep("card"), keep("card.no")},
			`{"card":{"no":"6228","pin":1}}`, `{"card":{"no":"6228"}}`,
			disclosure.Shape{Kept: []string{"card.no"}, Unknown: []string{"card"}},
		},
		{
			"a name and a star: the more open wins", fields{mask("*.no", disclosure.MaskCard), keep("own.no"), drop("own.*")},
			`{"own":{"no":"6228480000000018","x":1},"other":{"no":"6228480000000018"}}`,
			`{"own":{"no":"6228480000000018"},"other":{"no":"**0018"}}`,
			disclosure.Shape{Kept: []string{"own.no"}, Masked: []string{"*.no"}, Dropped: []string{"own.*"}},
		},
		{
			"a name and a star: of two masks the one that shows less", fields{mask("*", disclosure.MaskName), mask("a", disclosure.MaskEmail)},
			`{"a":"zhou@example.com"}`, `{"a":"z***********.c**"}`,
			disclosure.Shape{Masked: []string{"*"}},
		},
		{
			"a name and a star that agree count under the name", fields{keep("*.b"), keep("a.b"), keep("a.*")},
			`{"a":{"b":1}}`, `{"a":{"b":1}}`,
			disclosure.Shape{Kept: []string{"a.b"}},
		},
		{
			"numbers keep their digits", fields{keep("*")},
			`[1.10, 1e400, -0, 12345678901234567890, 0.1E+01, -1.0e-0, 9007199254740993]`,
			`[1.10,1e400,-0,12345678901234567890,0.1E+01,-1.0e-0,9007199254740993]`,
			disclosure.Shape{Kept: []string{"*"}},
		},
		{
			"strings and names keep their meaning and their spelling", fields{keep("é"), keep("b")},
			`{"\u00e9":"\u4f59\u989d \ud83d\ude00\/\n","b":"余额😀"}`,
			`{"\u00e9":"\u4f59\u989d \ud83d\ude00\/\n","b":"余额😀"}`,
			disclosure.Shape{Kept: []string{"b", "é"}},
		},
		{
			"an escaped name is the name it stands for", fields{drop("pin"), keep("x")},
			`{"\u0070in":"0000","p\u0069n2":1,"x":1}`, `{"x":1}`,
			disclosure.Shape{Kept: []string{"x"}, Dropped: []string{"pin"}, Unknown: []string{""}},
		},
		{
			"names with dots, stars, backslashes and dollars", fields{keep(`a\.b`), keep(`\*`), keep(`c\\d`), keep(`\$`)},
			`{"a.b":1,"a":{"b":2},"*":3,"x":4,"c\\d":5,"$":6}`, `{"a.b":1,"*":3,"c\\d":5,"$":6}`,
			disclosure.Shape{Kept: []string{`\$`, `\*`, `a\.b`, `c\\d`}, Unknown: []string{""}},
		},
		{
			"a member without a name matches only a star", fields{keep("a.*"), keep("b.c")},
			`{"":1,"a":{"":2},"b":{"":3,"c":4}}`, `{"a":{"":2},"b":{"c":4}}`,
			disclosure.Shape{Kept: []string{"a.*", "b.c"}, Unknown: []string{"", "b"}},
		},
		{
			"null stays null, kept or masked", fields{keep("a"), mask("b", disclosure.MaskName), drop("c")},
			`{"a":null,"b":null,"c":null,"d":null}`, `{"a":null,"b":null}`,
			disclosure.Shape{Kept: []string{"a"}, Masked: []string{"b"}, Dropped: []string{"c"}, Unknown: []string{""}},
		},
		{
			"a masked number, true or false is a string", fields{mask("a", disclosure.MaskAmount), mask("b", disclosure.MaskCard), mask("c", disclosure.MaskName), mask("d", disclosure.MaskName)},
			`{"a":1024.50,"b":6228480000000018,"c":true,"d":false}`, `{"a":"***","b":"**0018","c":"****","d":"****"}`,
			disclosure.Shape{Masked: []string{"a", "b", "c", "d"}},
		},
		{
			"a mask reads the string, not its spelling", fields{mask("name", disclosure.MaskName), mask("mail", disclosure.MaskEmail)},
			`{"name":"\u5468\u660e\u8fdc","mail":"\u0022a@example.com"}`, `{"name":"周**","mail":"\"***@example.com"}`,
			disclosure.Shape{Masked: []string{"mail", "name"}},
		},
		{
			"containers on a path stay although empty", fields{keep("a.b.c"), keep("l.*.x")},
			`{"a":{"b":{}},"l":[],"z":{}}`, `{"a":{"b":{}},"l":[]}`,
			disclosure.Shape{Kept: nil, Unknown: []string{""}},
		},
		{"an empty plan lets nothing out of an object", nil, `{"a":1}`, `{}`, disclosure.Shape{Unknown: []string{""}}},
		{"an empty plan lets nothing out of an array", nil, `[1,{"a":2}]`, `[]`, disclosure.Shape{Unknown: []string{""}}},
		{"a single value that is not declared", fields{keep("a"), keep("*")}, `"secret"`, `null`, disclosure.Shape{Unknown: []string{""}}},
		{"a single value that is kept", fields{keep("$")}, ` 1.10 `, `1.10`, disclosure.Shape{Kept: []string{"$"}}},
		{"a single value that is masked", fields{mask("$", disclosure.MaskName)}, `"周明远"`, `"周**"`, disclosure.Shape{Masked: []string{"$"}}},
		{"the path of a single value lets no object out", fields{keep("$")}, `{"a":1}`, `{}`, disclosure.Shape{Unknown: []string{""}}},
		{"a member named $ is not the single value", fields{keep(`\$`)}, `1`, `null`, disclosure.Shape{Unknown: []string{""}}},
		{
			"an error's body by the route's list of error fields", fields{keep("code"), keep("message")},
			`{"code":"LIMIT","message":"over the limit","trace":"at com.bank.Core(Core.java:7)","customer":{"id":"110"}}`,
			`{"code":"LIMIT","message":"over the limit"}`,
			disclosure.Shape{Kept: []string{"code", "message"}, Unknown: []string{""}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			result, err := compile(t, tc.fields...).Reduce([]byte(tc.reply), roomy)
			if err != nil {
				t.Fatalf("Reduce: %v", err)
			}
			if string(result.Body) != tc.want {
				t.Errorf("body\n got %s\nwant %s", result.Body, tc.want)
			}
			if diff := cmp.Diff(tc.shape, result.Shape); diff != "" {
				t.Errorf("shape (-want +got):\n%s", diff)
			}
		})
	}
}

func nested(levels int) string {
	return strings.Repeat("[", levels) + strings.Repeat("]", levels)
}

func TestRepliesThatAreNotStrictJSONDoNotLeave(t *testing.T) {
	t.Parallel()
	plan := compile(t, keep("a"), keep("b.c"), keep("*.*"))
	for _, tc := range []struct{ name, reply, reason string }{
		{"empty", "", "empty"},
		{"white space only", " \n", "empty"},
		{"byte order mark", "\ufeff{}", "byte order mark"},
		{"a name twice", `{"a":1,"a":2}`, "twice"},
		{"a name twice by an escape", `{"a":1,"\u0061":2}`, "twice"},
		{"a name twice below a declared object", `{"b":{"c":1,"c":2}}`, "twice"},
		{"a name twice in something undeclared", `{"x":[{"y":{"z":1,"\u007a":2}}]}`, "twice"},
		{"an empty name twice", `{"":1,"":2}`, "twice"},
		{"invalid UTF-8 in a kept value", "{\"a\":\"\xff\"}", "UTF-8"},
		{"invalid UTF-8 in a name", "{\"\xc3\":1}", "UTF-8"},
		{"invalid UTF-8 in something undeclared", "{\"x\":[\"\xed\xa0\x80\"]}", "UTF-8"},
		{"an unpaired surrogate", `{"a":"\ud800"}`, "syntax"},
		{"an unpaired surrogate in a name", `{"\udc00":1}`, "syntax"},
		{"trailing text", `{"a":1} x`, "trailing"},
		{"a second value", `{"a":1}{"a":2}`, "trailing"},
		{"a trailing comma after the value", `{"a":1},`, "trailing"},
		{"a trailing NUL", "{\"a\":1}\x00", "trailing"},
		{"cut short in an object", `{"a":1`, "cut short"},
		{"cut short in a string", `{"a":"x`, "cut short"},
		{"cut short in something undeclared", `{"x":[[`, "cut short"},
		{"cut short after a name", `{"a"`, "cut short"},
		{"a comma too many", `{"a":1,}`, "syntax"},
		{"a comma too many in an array", `[1,]`, "syntax"},
		{"the wrong end", `{"a":1]`, "syntax"},
		{"the other wrong end", `[1}`, "syntax"},
		{"a number with a leading zero", `{"a":01}`, "syntax"},
		{"not a number", `{"a":NaN}`, "syntax"},
		{"single quotes", `{'a':1}`, "syntax"},
		{"a name that is no string", `{1:1}`, "syntax"},
		{"a comment", `{"a":1/* x */}`, "syntax"},
		{"a control character in a string", "{\"a\":\"\n\"}", "syntax"},
		{"33 levels", nested(33), "deep"},
		{"33 levels in something undeclared", `{"x":` + nested(32) + `}`, "deep"},
		{"ten thousand levels", strings.Repeat("[", 10_000), "deep"},
		{"HTML", "<html></html>", "syntax"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			result, err := plan.Reduce([]byte(tc.reply), roomy)
			if !errors.Is(err, disclosure.ErrReply) || !strings.Contains(err.Error(), tc.reason) {
				t.Errorf("error = %v, want ErrReply for %q", err, tc.reason)
			}
			if result.Body != nil {
				t.Errorf("body %q left with the error", result.Body)
			}
		})
	}
}

func TestErrorsQuoteNothingOfTheReply(t *testing.T) {
	t.Parallel()
	plan := compile(t, keep("a"))
	for _, reply := range []string{
		`{"zhouming":1,"zhouming":2}`, `{"zhouming":"zhouming" zhouming`, `zhouming`, `{"a":1} zhouming`,
	} {
		if _, err := plan.Reduce([]byte(reply), roomy); err == nil || strings.Contains(err.Error(), "zhouming") {
			t.Errorf("Reduce(%s) = %v, want an error without the reply's text", reply, err)
		}
	}
}

func Test32LevelsAreNotTooDeep(t *testing.T) {
	t.Parallel()
	if _, err := compile(t, keep("a")).Reduce([]byte(nested(32)), roomy); err != nil {
		t.Errorf("Reduce: %v", err)
	}
}

func TestTheLimitIsOnWhatLeaves(t *testing.T) {
	t.Parallel()
	plan := compile(t, keep("a"), keep("l.*"))
	reply := []byte(`{"secret":"` + strings.Repeat("x", 1000) + `","a":"1234","an-undeclared-object-with-a-long-name":{"another":[[]]}}`)
	want := `{"a":"1234"}`

	result, err := plan.Reduce(reply, len(want))
	if err != nil || string(result.Body) != want {
		t.Errorf("Reduce at the limit = %q, %v; want %q", result.Body, err, want)
	}
	result, err = plan.Reduce(reply, len(want)-1)
	if !errors.Is(err, disclosure.ErrTooLarge) || result.Body != nil {
		t.Errorf("Reduce beyond the limit = %q, %v; want ErrTooLarge", result.Body, err)
	}

	huge := []byte(`{"l":[` + strings.Repeat(`"0123456789",`, 100_000) + `0]}`)
	if _, err := plan.Reduce(huge, 64<<10); !errors.Is(err, disclosure.ErrTooLarge) {
		t.Errorf("Reduce of a huge reply = %v, want ErrTooLarge", err)
	}
}

func TestReduceLeavesTheReplyAlone(t *testing.T) {
	t.Parallel()
	plan := compile(t, keep("a"), mask("b", disclosure.MaskName))
	const text = `{"a":"x","b":"周明远","c":1}`
	reply := []byte(text)
	first, err := plan.Reduce(reply, roomy)
	if err != nil {
		t.Fatalf("Reduce: %v", err)
	}
	if _, err := plan.Reduce([]byte(`{"a":"another","b":"李雷"}`), roomy); err != nil {
		t.Fatalf("Reduce: %v", err)
	}
	if string(reply) != text {
		t.Errorf("reply became %s", reply)
	}
	if want := `{"a":"x","b":"周**"}`; string(first.Body) != want {
		t.Errorf("first body became %s, want %s", first.Body, want)
	}
}
