package i18n

import "time"

// What beside the policy matters to a call (app/directory), for the command line
// and for the policy simulator.
var (
	PolicyApplicationState = def("policy.application_state", "the application is %s and its partner %s: calls are refused as not_active",
		"应用状态为%s，其合作方为%s：调用将被拒绝（not_active）")
	PolicyServiceState      = def("policy.service_state", "the service is %s: calls are refused as not_active", "服务状态为%s：调用将被拒绝（not_active）")
	PolicyEverythingFrozen  = def("policy.everything_frozen", "everything is frozen: calls are refused as not_active", "全部已冻结：调用将被拒绝（not_active）")
	PolicyPartnerFrozen     = def("policy.partner_frozen", "the partner is frozen: calls are refused as not_active", "合作方已冻结：调用将被拒绝（not_active）")
	PolicyApplicationFrozen = def("policy.application_frozen", "the application is frozen: calls are refused as not_active", "应用已冻结：调用将被拒绝（not_active）")
	PolicyServiceFrozen     = def("policy.service_frozen", "the service is frozen: calls are refused as not_active", "服务已冻结：调用将被拒绝（not_active）")
	PolicyClosedHours       = def("policy.closed_hours", "the service is closed until %s by its hours: calls are refused as unavailable",
		"服务在 %s 之前不在服务时间内：调用将被拒绝（unavailable）")
	PolicyClosedStop = def("policy.closed_stop", "the service is closed until %s by a planned stop (%s / %s): calls are refused as unavailable",
		"服务在 %s 之前计划停机（%s / %s）：调用将被拒绝（unavailable）")
	PolicyScopeFrozen = def("policy.scope_frozen", "the scope %s is frozen", "数据范围 %s 已冻结")
	PolicyCustomer    = def("policy.customer", "a customer must have signed in: before, calls are refused as customer_required",
		"须先有客户登录：此前的调用将被拒绝（customer_required）")
	PolicyEcho = def("policy.echo",
		"the service has no sandbox upstream: calls are answered from the route's sample reply, and refused as upstream_unavailable without one",
		"服务没有沙箱上游：以路由的示例应答作答，没有示例则拒绝（upstream_unavailable）")
	PolicyConsent = def("policy.consent", "the scope %s demands consent (version %d): without it its C2 and C3 fields do not leave",
		"数据范围 %s 要求客户同意（版本 %d）：未获同意时其 C2、C3 字段不传出")
)

// Said is the message with this id; times in its arguments are written in their
// zone, and words of the business in the reader's language. It is "" for an id
// that no message has.
func Said(l Lang, id string, args ...any) string {
	key, known := ByID(id)
	if !known {
		return ""
	}
	words := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case time.Time:
			words[i] = a.Format(time.RFC3339)
		case string:
			words[i] = a
			if l == Chinese {
				words[i] = changeWord(a)
			}
		default:
			words[i] = a
		}
	}
	return key.In(l, words...)
}
