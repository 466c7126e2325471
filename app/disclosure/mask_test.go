package disclosure_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"postern/app/disclosure"
)

func TestMasks(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		mask  disclosure.Mask
		value string
		want  string
	}{
		{"mainland mobile shows 3 and 4", disclosure.MaskPhone, "13812346027", "138****6027"},
		{"mobile with country code shows the last 4", disclosure.MaskPhone, "+86 138 1234 6027", "****6027"},
		{"eleven digits that are no mobile show the last 4", disclosure.MaskPhone, "02088886666", "****6666"},
		{"eleven characters with a letter are no mobile", disclosure.MaskPhone, "1381234602x", "****602x"},
		{"full-width digits count as characters", disclosure.MaskPhone, "１３８１２３４６０２７", "****６０２７"},
		{"eight characters show half", disclosure.MaskPhone, "88886666", "****6666"},
		{"short number shows nothing", disclosure.MaskPhone, "8888666", "****"},
		{"no number shows nothing", disclosure.MaskPhone, "", "****"},

		{"id number of 18 shows 3 and 4", disclosure.MaskIDNumber, "11010519491231002X", "110***********002X"},
		{"id number of 15 shows 3 and 4", disclosure.MaskIDNumber, "110105491231002", "110********1002"},
		{"passport shows both ends", disclosure.MaskIDNumber, "E12345678", "E*******8"},
		{"home return permit in Chinese shows both ends", disclosure.MaskIDNumber, "港澳A123", "港****3"},
		{"four characters show both ends", disclosure.MaskIDNumber, "1234", "1**4"},
		{"three characters show nothing", disclosure.MaskIDNumber, "123", "****"},

		{"Chinese name of three", disclosure.MaskName, "周明远", "周**"},
		{"Chinese name of two", disclosure.MaskName, "李雷", "李*"},
		{"compound surname", disclosure.MaskName, "欧阳娜娜", "欧***"},
		{"one character is hidden", disclosure.MaskName, "周", "*"},
		{"transcribed name keeps its dot", disclosure.MaskName, "阿依古丽·买买提", "阿***·买**"},
		{"Latin name keeps its space", disclosure.MaskName, "Zhou Mingy", "Z*** M****"},
		{"initials are hidden", disclosure.MaskName, "J. R. Smith", "*. *. S****"},
		{"hyphenated name", disclosure.MaskName, "Anne-Marie O'Neil", "A***-M**** O*****"},
		{"accents are one character each", disclosure.MaskName, "Åsa Öz", "Å** Ö*"},
		{"a character outside the basic plane", disclosure.MaskName, "𠮷野家", "𠮷**"},
		{"nothing but separators is hidden", disclosure.MaskName, "- -", "****"},

		{"card shows the last 4", disclosure.MaskCard, "6228480000000018", "**0018"},
		{"card in groups shows the last 4", disclosure.MaskCard, "6228 4800 0000 0018", "**0018"},
		{"separators at the end hide nothing", disclosure.MaskCard, "6228-4800-0000-0018---", "**0018"},
		{"short card shows nothing", disclosure.MaskCard, "1234567", "****"},
		{"short card in groups shows nothing", disclosure.MaskCard, "12 34 56 7", "****"},

		{"e-mail shows the first letter and the domain", disclosure.MaskEmail, "zhou@example.com", "z***@example.com"},
		{"Chinese e-mail", disclosure.MaskEmail, "周明远@例子.中国", "周***@例子.中国"},
		{"one letter is hidden", disclosure.MaskEmail, "z@example.com", "***@example.com"},
		{"no local part", disclosure.MaskEmail, "@example.com", "****"},
		{"no domain", disclosure.MaskEmail, "zhou@", "****"},
		{"no @", disclosure.MaskEmail, "zhou", "****"},
		{"two @", disclosure.MaskEmail, `"a@b"@example.com`, "****"},
		{"a name before the address", disclosure.MaskEmail, "Zhou <zhou@example.com>", "****"},

		{"address shows province and city", disclosure.MaskAddress, "浙江省杭州市西湖区文三路 90 号", "浙江省杭州市****"},
		{"short address shows half", disclosure.MaskAddress, "北京市海淀区", "北京市****"},
		{"address of two", disclosure.MaskAddress, "北京", "北****"},
		{"address of one", disclosure.MaskAddress, "京", "****"},
		{"digits end the region", disclosure.MaskAddress, "上海88弄6号楼1203室", "上海****"},
		{"Latin address begins with the house", disclosure.MaskAddress, "12 High Street, London", "****"},

		{"amount shows nothing", disclosure.MaskAmount, "1024.50", "***"},
		{"unknown mask shows nothing", disclosure.Mask("rot13"), "1024.50", "***"},
	} {
		t.Run(string(tc.mask)+": "+tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.mask.Apply(tc.value); got != tc.want {
				t.Errorf("Apply(%q) = %q, want %q", tc.value, got, tc.want)
			}
		})
	}
}

var allMasks = []disclosure.Mask{
	disclosure.MaskPhone, disclosure.MaskIDNumber, disclosure.MaskName, disclosure.MaskCard,
	disclosure.MaskEmail, disclosure.MaskAddress, disclosure.MaskAmount,
}

// maskable draws values that look like what a mask is for, or like nothing.
var maskable = rapid.OneOf(
	rapid.StringMatching(`1[0-9]{10}|\+?[0-9 -]{1,16}`),
	rapid.StringMatching(`[0-9]{1,18}X?`),
	rapid.StringMatching(`[周明远李雷欧阳A-Za-z·. -]{1,12}`),
	rapid.StringMatching(`[a-z.]{0,6}@[a-z]{0,6}(\.cn)?`),
	rapid.StringMatching(`[浙江省杭州市西湖区路号0-9]{1,20}`),
	rapid.String(),
)

func TestAMaskedValueNeverHoldsTheOriginal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := maskable.Filter(func(s string) bool {
			return utf8.RuneCountInString(s) >= 2 && !strings.Contains(s, "*")
		}).Draw(t, "value")
		for _, mask := range allMasks {
			if got := mask.Apply(value); strings.Contains(got, value) {
				t.Fatalf("%s.Apply(%q) = %q", mask, value, got)
			}
		}
	})
}

func TestAMaskShowsAtMostHalf(t *testing.T) {
	t.Parallel()
	// An 11-digit mobile and an e-mail's domain are the two forms that show more.
	rapid.Check(t, func(t *rapid.T) {
		value := strings.ReplaceAll(maskable.Draw(t, "value"), "*", "x")
		total := utf8.RuneCountInString(value)
		for _, mask := range allMasks {
			got := mask.Apply(value)
			if mask == disclosure.MaskEmail || mask == disclosure.MaskPhone && strings.HasPrefix(got, "1") {
				continue
			}
			shown, of := countShown(got), total
			if mask == disclosure.MaskName {
				shown, of = countShown(letters(got)), utf8.RuneCountInString(letters(value))
			}
			if shown*2 > of {
				t.Fatalf("%s.Apply(%q) = %q shows %d of %d", mask, value, got, shown, of)
			}
		}
	})
}

// countShown counts the characters that are no star.
func countShown(masked string) int {
	return utf8.RuneCountInString(masked) - strings.Count(masked, "*")
}

// letters is a name without what separates its words.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-·•・．.", r) {
			return -1
		}
		return r
	}, name)
}
