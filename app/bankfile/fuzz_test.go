package bankfile_test

import (
	"errors"
	"os"
	"testing"

	"postern/app/bankfile"
)

// FuzzRead: whatever stands in a file, it is refused with lines or planned, and
// what is planned is planned the same again.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{example(f), "", "a: *b", "partners: [{id: x, name: [y]}]", "credentials: [{id: x, jwk: {a: &b 1}}]", "? [a]\n: b", "grants:\n- id: |\n    x\n"} {
		f.Add([]byte(seed))
	}
	for _, c := range wrong {
		f.Add([]byte(c.text))
	}
	files := os.DirFS(examples)
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := bankfile.Read("bank.yaml", text, files)
		if err != nil {
			faults(t, err)
			return
		}
		plan, err := d.Preview(t.Context(), nil, bankfile.Options{Now: now})
		var r *bankfile.Refusal
		if err != nil && !errors.As(err, &r) {
			t.Fatalf("not a refusal: %v", err)
		}
		if r != nil {
			for _, fault := range r.Faults {
				if fault.Line < 1 || fault.Text == "" {
					t.Errorf("a fault without line or text: %+v", fault)
				}
			}
		}
		if again, _ := d.Preview(t.Context(), nil, bankfile.Options{Now: now}); again.String() != plan.String() {
			t.Errorf("planned\n%s\nand then\n%s", plan, again)
		}
	})
}
