package i18n_test

import (
	"context"
	"testing"

	"postern/views/i18n"
)

func TestNoSpaceStandsBetweenTwoHanCharacters(t *testing.T) {
	t.Parallel()
	zh, en := i18n.WithLang(t.Context(), i18n.Chinese), i18n.WithLang(t.Context(), i18n.English)
	for _, tc := range []struct {
		name string
		ctx  context.Context
		args []any
		want string
	}{
		{"a Han name", zh, []any{"联合出行"}, "联合出行的限额与地址"},
		{"a Latin name", zh, []any{"Lianhe"}, "Lianhe 的限额与地址"},
		{"a name of both", zh, []any{"Lianhe 联合 出行"}, "Lianhe 联合 出行的限额与地址"},
		{"English", en, []any{"联合出行"}, "Limits and addresses of 联合出行"},
	} {
		if got := i18n.T(tc.ctx, i18n.LimitTitle, tc.args...); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if got := i18n.T(zh, i18n.KillBy, "何静", "2026年11月23日", "演练"); got != "何静于 2026年11月23日：演练" {
		t.Errorf("digits lost their space: %q", got)
	}
}

func TestWhatIsOnRecordOfAChangeReadsAsItWasMeant(t *testing.T) {
	t.Parallel()
	zh := i18n.WithLang(t.Context(), i18n.Chinese)
	same := func(args []string) []string { return args }
	for record, want := range map[string]string{
		"security contact is added; technical contact is added": "增加安全联系人；增加技术联系人",
		"address 203.0.113.0/28 is added":                       "增加来源地址 203.0.113.0/28",
		"return address https://a.example/x is taken away":      "去掉返回地址 https://a.example/x",
		"status: active":                       "状态：启用",
		"looked after by: security":            "负责人：security",
		"looked after by: security -> officer": "负责人：security → officer",
		"risk: medium -> high":                 "风险等级：中 → 高",
		"revoked: true":                        "吊销：否 → 是",
		"daily_quota: 80000":                   "每日 AT 配额：80,000",
	} {
		if got := i18n.Recorded(zh, record, same); got != want {
			t.Errorf("%s: %q, want %q", record, got, want)
		}
	}
}
