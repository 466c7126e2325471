package disclosure_test

import (
	"encoding/json"
	"errors"
	"testing"

	"postern/app/disclosure"
)

func FuzzReduce(f *testing.F) {
	for _, seed := range []string{
		`{"id":1.10,"accounts":[{"no":"6228480000000018","x":{}}],"m":{"a":[1,"2",null,{"k":true}]}}`,
		`[{"id":"\u0061\ud83d\ude00"}]`, `"x"`, `null`, ``, `{"a":1,"\u0061":2}`, `{"id":1]`, `[1}`, "\ufeff{}", `{"id":"\ud800"}`, `{"id":1} {}`,
	} {
		f.Add([]byte(seed), 1000)
	}
	plan, err := disclosure.Compile([]disclosure.Field{
		keep("id"), mask("accounts.*.no", disclosure.MaskCard), keep("m.*.*"), mask("*.*.k", disclosure.MaskName),
		drop("pin"), mask("*.id", disclosure.MaskEmail), mask("name", disclosure.MaskPhone),
	})
	if err != nil {
		f.Fatal(err)
	}

	f.Fuzz(func(t *testing.T, reply []byte, limit int) {
		result, err := plan.Reduce(reply, limit)
		if err != nil {
			if !errors.Is(err, disclosure.ErrReply) && !errors.Is(err, disclosure.ErrTooLarge) {
				t.Fatalf("error %v is neither ErrReply nor ErrTooLarge", err)
			}
			if result.Body != nil {
				t.Fatalf("body %q left with error %v", result.Body, err)
			}
			return
		}
		if !json.Valid(reply) || !json.Valid(result.Body) {
			t.Fatalf("%q became %q, and both must be JSON", reply, result.Body)
		}
		if len(result.Body) > limit {
			t.Fatalf("%d octets left, limit %d", len(result.Body), limit)
		}
		if _, err := plan.Reduce(result.Body, len(result.Body)*2+16); err != nil {
			t.Fatalf("what left is refused: %q: %v", result.Body, err)
		}
		if _, err := plan.Explain(reply); err != nil {
			t.Fatalf("Explain refuses what Reduce takes: %q: %v", reply, err)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"a.b", "*.*", `a\.b`, `\$`, "$", `a\\.*`, "", ".", `\`, "账户.余额"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		plan, err := disclosure.Compile([]disclosure.Field{keep(path)})
		if err != nil {
			if !errors.Is(err, disclosure.ErrField) {
				t.Fatalf("error %v is not ErrField", err)
			}
			return
		}
		if fields := plan.Fields(); len(fields) != 1 || fields[0].Path != path {
			t.Fatalf("path %q became %v", path, fields)
		}
	})
}
