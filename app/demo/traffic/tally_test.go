package traffic_test

import (
	"errors"
	"testing"

	"postern/app/demo/traffic"
)

func TestALineSumsUpAndBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		codes  []string
		failed []error
		want   string
	}{
		{"nothing happened", nil, nil, "traffic: 0 visits, 0 refused"},
		{"all went well", []string{"", ""}, nil, "traffic: 2 visits, 0 refused"},
		{
			"the most frequent refusal comes first, then the alphabet",
			[]string{"", "no_route", "at_spent", "replayed", "at_spent"},
			nil,
			"traffic: 5 visits, 4 refused (at_spent 2, no_route 1, replayed 1)",
		},
		{"a visit without an answer failed", []string{""}, []error{errors.New("no answer")}, "traffic: 2 visits, 0 refused, 1 failed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			first, second := traffic.Lines(tc.codes, tc.failed...)
			if first != tc.want {
				t.Errorf("the line is %q, want %q", first, tc.want)
			}
			if second != "traffic: 0 visits, 0 refused" {
				t.Errorf("the next line still counts: %q", second)
			}
		})
	}
}
