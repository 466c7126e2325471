package disclosure_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/disclosure"
)

func keep(path string) disclosure.Field {
	return disclosure.Field{Path: path, Class: disclosure.C1, Treatment: disclosure.Keep}
}

func mask(path string, mask disclosure.Mask) disclosure.Field {
	return disclosure.Field{Path: path, Class: disclosure.C2, Treatment: disclosure.Masked, Mask: mask}
}

func drop(path string) disclosure.Field {
	return disclosure.Field{Path: path, Class: disclosure.C3, Treatment: disclosure.Drop}
}

func TestFieldsThatAreValid(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]disclosure.Field{
		"C1 kept":                   keep("offer.limit"),
		"C2 kept":                   {Path: "a", Class: disclosure.C2, Treatment: disclosure.Keep},
		"C3 masked":                 {Path: "accounts.*.no", Class: disclosure.C3, Treatment: disclosure.Masked, Mask: disclosure.MaskCard},
		"no class, masked":          {Path: "*.id", Treatment: disclosure.Masked, Mask: disclosure.MaskIDNumber},
		"no class, dropped":         {Path: "*", Treatment: disclosure.Drop},
		"the single value":          keep("$"),
		"a member named $":          keep(`\$`),
		"a dot in a name":           keep(`a\.b.c`),
		"a star in a name":          keep(`a\*`),
		"a backslash in a name":     keep(`a\\b`),
		"a name in Chinese":         keep("账户.余额"),
		"32 levels":                 keep(strings.Repeat("a.", 31) + "a"),
		"a name that is a number":   keep("accounts.0"),
		"a $ that is not the whole": keep("$.a"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := field.Validate(); err != nil {
				t.Errorf("Validate: %v", err)
			}
		})
	}
}

func TestFieldsThatAreNot(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]disclosure.Field{
		"C3 kept":                       {Path: "a", Class: disclosure.C3, Treatment: disclosure.Keep},
		"no class, kept":                {Path: "a", Treatment: disclosure.Keep},
		"unknown class":                 {Path: "a", Class: "C4", Treatment: disclosure.Drop},
		"no treatment":                  {Path: "a", Class: disclosure.C1},
		"unknown treatment":             {Path: "a", Class: disclosure.C1, Treatment: "show"},
		"treatment mask without a mask": {Path: "a", Class: disclosure.C2, Treatment: disclosure.Masked},
		"unknown mask":                  mask("a", "rot13"),
		"kept with a mask":              {Path: "a", Class: disclosure.C1, Treatment: disclosure.Keep, Mask: disclosure.MaskCard},
		"dropped with a mask":           {Path: "a", Class: disclosure.C1, Treatment: disclosure.Drop, Mask: disclosure.MaskCard},
		"empty path":                    keep(""),
		"empty name at the start":       keep(".a"),
		"empty name at the end":         keep("a."),
		"empty name between":            keep("a..b"),
		"star inside a name":            keep("a*"),
		"star before a name":            keep("*a"),
		"two stars":                     keep("**"),
		"escape of a letter":            keep(`\a`),
		"escape of $ below the top":     keep(`a.\$`),
		"escape at the end":             keep(`a\`),
		"control character":             keep("a\nb"),
		"invalid UTF-8":                 keep("a\xff"),
		"33 levels":                     keep(strings.Repeat("a.", 32) + "a"),
		"too long":                      keep(strings.Repeat("a", 513)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := field.Validate(); !errors.Is(err, disclosure.ErrField) {
				t.Errorf("Validate = %v, want ErrField", err)
			}
			if _, err := disclosure.Compile([]disclosure.Field{keep("fine"), field}); !errors.Is(err, disclosure.ErrField) {
				t.Errorf("Compile = %v, want ErrField", err)
			}
		})
	}
}

func TestCompileReportsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := disclosure.Compile([]disclosure.Field{keep("first.")}, []disclosure.Field{keep("fine"), mask("second", "rot13")})
	if err == nil || !strings.Contains(err.Error(), "first.") || !strings.Contains(err.Error(), "second") {
		t.Errorf("Compile = %v, want both faults", err)
	}
}

func TestTheMostOpenTreatmentWins(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		sets [][]disclosure.Field
		want []disclosure.Field
	}{
		{
			"keep over mask over drop, in any order",
			[][]disclosure.Field{{drop("a"), keep("b"), mask("c", disclosure.MaskCard)}, {keep("a"), mask("b", disclosure.MaskCard), drop("c")}},
			[]disclosure.Field{keep("a"), keep("b"), mask("c", disclosure.MaskCard)},
		},
		{
			"of two masks the one that shows less",
			[][]disclosure.Field{{mask("a", disclosure.MaskEmail), mask("b", disclosure.MaskAmount)}, {mask("a", disclosure.MaskName), mask("b", disclosure.MaskPhone)}},
			[]disclosure.Field{mask("a", disclosure.MaskName), mask("b", disclosure.MaskAmount)},
		},
		{
			"a name and a star stay two fields",
			[][]disclosure.Field{{mask("a.*", disclosure.MaskCard)}, {keep("a.b")}},
			[]disclosure.Field{mask("a.*", disclosure.MaskCard), keep("a.b")},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			plan, err := disclosure.Compile(tc.sets...)
			if err != nil {
				t.Fatalf("Compile: %v", err)
			}
			if diff := cmp.Diff(tc.want, plan.Fields()); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnUnknownMaskIsToldTheKnownOnes(t *testing.T) {
	t.Parallel()
	err := mask("a", "fone").Validate()
	if want := `mask "fone" is not known: want phone, id_number, name, card, email, address or amount`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Fatalf("Validate = %v, want %s", err, want)
	}
	_, listed, _ := strings.Cut(err.Error(), ": want ")
	for name := range strings.SplitSeq(strings.ReplaceAll(listed, " or ", ", "), ", ") {
		if err := mask("a", disclosure.Mask(name)).Validate(); err != nil {
			t.Errorf("%s is told and not taken: %v", name, err)
		}
	}
}
