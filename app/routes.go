package app

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/console"
	"postern/app/entrance"
	"postern/app/portal"
	"postern/app/web"
	"postern/static"
	"postern/static/sdk"
)

// access says who may ask for a route.
type access string

// The doors' own ways to know their callers. Staff and partner permissions
// will be policies' actions.
const (
	public       access = "public"       // anybody
	clientOnly   access = "client"       // an application, by its one method
	upstreamOnly access = "upstream"     // an upstream registered for introspection
	sealedAT     access = "sealed AT"    // whoever holds an AT
	sealedVT     access = "sealed VT"    // whoever holds a VT and its R
	internal     access = "on this host" // whoever reaches the internal listener
	staff        access = "staff"        // as the console's own table says
	partner      access = "partner"      // as the portal's own table says
)

// route is one row of the table.
type route struct {
	method, pattern string
	access          access
	handler         gin.HandlerFunc
}

// gatewayRoutes is everything that the internet can reach.
func (a *App) gatewayRoutes() []route {
	return []route{
		{http.MethodPost, "/oauth/token", clientOnly, a.oauth.Token},
		{http.MethodPost, "/oauth/revoke", clientOnly, a.oauth.Revoke},
		{http.MethodPost, "/oauth/consents", clientOnly, a.oauth.Consents},
		{http.MethodPost, "/oauth/consents/withdraw", clientOnly, a.oauth.WithdrawConsent},
		{http.MethodPost, "/oauth/introspect", upstreamOnly, a.oauth.Introspect},
		{http.MethodGet, "/oauth/errors", public, a.oauth.Errors},

		{http.MethodPost, "/gateway/v1/visit-tokens", sealedAT, a.gateway.VisitOpen},
		{http.MethodPost, "/gateway/v1/visit-tokens/renew", sealedVT, a.gateway.VisitRenew},
		{http.MethodPost, "/gateway/v1/visit-tokens/close", sealedVT, a.gateway.VisitClose},
		{http.MethodPost, "/gateway/v1/consents", sealedVT, a.gateway.Consents},
		{http.MethodPost, "/gateway/v1/calls", sealedVT, a.gateway.Call},
		{http.MethodOptions, "/gateway/v1/visit-tokens", public, a.gateway.Preflight},
		{http.MethodOptions, "/gateway/v1/visit-tokens/renew", public, a.gateway.Preflight},
		{http.MethodOptions, "/gateway/v1/visit-tokens/close", public, a.gateway.Preflight},
		{http.MethodOptions, "/gateway/v1/consents", public, a.gateway.Preflight},
		{http.MethodOptions, "/gateway/v1/calls", public, a.gateway.Preflight},

		{http.MethodGet, "/.well-known/oauth-authorization-server", public, a.oauth.Metadata},
		{http.MethodGet, "/.well-known/jwks.json", public, a.oauth.JWKS},
		{http.MethodGet, "/.well-known/jwks-gm.json", public, a.oauth.JWKSGM},
		{http.MethodGet, "/sdk/1/:file", public, serveSDK},
		{http.MethodGet, "/healthz", public, health},
	}
}

// internalRoutes is what only this host, or the bank's own network, can reach.
func (a *App) internalRoutes() []route {
	return []route{
		{http.MethodGet, "/healthz", internal, health},
		{http.MethodGet, "/readyz", internal, a.readiness},
		{http.MethodGet, "/metrics", internal, a.metrics.serve},
	}
}

// screen is a row of a house's table.
type screen struct {
	method, pattern string
	access          entrance.Access
	screen          web.Screen
}

// consoleRoutes is everything that the bank's staff can reach, on the internal
// listener.
func (a *App) consoleRoutes() []screen {
	return slices.Concat(
		entranceScreens("/console", a.console.Entrance),
		homeScreens(a.console),
		approvalScreens(a.console),
		partnerScreens(a.console),
		applicationScreens(a.console),
		catalogueScreens(a.console),
		announcementScreens(a.console),
		stopScreens(a.console),
		logScreens(a.console),
		keyScreens(a.console),
		staffScreens(a.console),
		settingScreens(a.console),
	)
}

// What most rows ask for.
var (
	readsBusiness = entrance.May("business", "read")
	makesBusiness = entrance.May("business", "make")
	makesStops    = entrance.May("stops", "make")
	asksStops     = entrance.May("stops", "make").Or("stops", "ask")
	thaws         = entrance.May("thaw", "make")
	readsLog      = entrance.May("log", "read")
	readsAlerts   = entrance.May("settings", "read").Or("stops", "read")
	// Whoever may stop what an alert is about, or set it, may say that they looked.
	acksAlerts = entrance.May("settings", "make").Or("stops", "make")
)

// entranceScreens is how one comes into a house, the words one reads in, and what
// everybody has there: an account of one's own.
func entranceScreens(base string, e *entrance.Entrance) []screen {
	list := []screen{
		{http.MethodGet, "/sign-in", entrance.Anybody, e.SignIn},
		{http.MethodPost, "/sign-in", entrance.Anybody, e.SignInSubmit},
		{http.MethodPost, "/sign-in/passkey/options", entrance.Anybody, e.PasskeyAsk},
		{http.MethodPost, "/sign-in/passkey", entrance.Anybody, e.PasskeySubmit},
		{http.MethodGet, "/second", entrance.Second, e.Second},
		{http.MethodPost, "/second", entrance.Second, e.SecondSubmit},
		{http.MethodPost, "/second/passkey/options", entrance.Second, e.OwnPasskeyAsk},
		{http.MethodPost, "/second/passkey", entrance.Second, e.SecondPasskeySubmit},
		{http.MethodPost, "/sign-out", entrance.Anybody, e.SignOut},
		{http.MethodGet, "/setup/:token", entrance.Anybody, e.Link},
		{http.MethodPost, "/setup/:token", entrance.Anybody, e.LinkOpen},
		{http.MethodGet, "/enrol", entrance.Enrolled, e.Enrol},
		{http.MethodPost, "/enrol", entrance.Enrolled, e.EnrolSubmit},
		{http.MethodGet, "/enrol/authenticator", entrance.Enrolled, e.Authenticator},
		{http.MethodPost, "/enrol/authenticator", entrance.Enrolled, e.AuthenticatorSubmit},
		{http.MethodPost, "/enrol/passkey/options", entrance.Enrolled, e.PasskeyOffer},
		{http.MethodPost, "/enrol/passkey", entrance.Enrolled, e.EnrolPasskeySubmit},
		{http.MethodPost, "/enrol/done", entrance.Insider, e.EnrolDone},
		{http.MethodPost, "/preferences", entrance.Anybody, e.Preferences},

		{http.MethodGet, "/account", entrance.Insider, e.Account},
		{http.MethodPost, "/account/email", entrance.Insider, e.EmailSet},
		{http.MethodPost, "/account/sessions/:session/end", entrance.Insider, e.SessionEnd},
		{http.MethodGet, "/verify", entrance.Insider, e.Verify},
		{http.MethodPost, "/verify", entrance.Insider, e.VerifySubmit},
		{http.MethodPost, "/verify/passkey/options", entrance.Insider, e.OwnPasskeyAsk},
		{http.MethodGet, "/account/password", entrance.Insider, e.Password},
		{http.MethodPost, "/account/password", entrance.Insider, e.PasswordSubmit},
		{http.MethodGet, "/account/authenticators/new", entrance.Insider, e.AuthenticatorNew},
		{http.MethodPost, "/account/authenticators", entrance.Insider, e.AuthenticatorAdd},
		{http.MethodGet, "/account/passkeys/new", entrance.Insider, e.PasskeyNew},
		{http.MethodPost, "/account/passkeys/options", entrance.Insider, e.PasskeyOffer},
		{http.MethodPost, "/account/passkeys", entrance.Insider, e.PasskeyAdd},
		{http.MethodGet, "/account/factors/:factor", entrance.Insider, e.Factor},
		{http.MethodPost, "/account/factors/:factor/rename", entrance.Insider, e.FactorRename},
		{http.MethodPost, "/account/factors/:factor/remove", entrance.Insider, e.FactorRemove},
		{http.MethodGet, "/account/recovery-codes", entrance.Insider, e.RecoveryCodes},
		{http.MethodPost, "/account/recovery-codes", entrance.Insider, e.RecoveryCodesMake},
		{http.MethodPost, "/account/recovery-codes/done", entrance.Insider, e.RecoveryCodesDone},
	}
	for i := range list {
		list[i].pattern = base + list[i].pattern
	}
	return list
}

// homeScreens is what the console alone has for everybody: the bank's sign-on and
// the first page.
func homeScreens(s *console.Console) []screen {
	return []screen{
		{http.MethodGet, "/console/sign-in/sign-on", entrance.Anybody, s.SignOnLeave},
		{http.MethodGet, "/console/sign-on", entrance.Anybody, s.SignOnReturn},
		{http.MethodPost, "/console/account/sign-on", entrance.Insider, s.SignOnLink},
		{http.MethodGet, "/console", entrance.Insider, s.Overview},
		{http.MethodGet, "/console/now/:part", entrance.Insider.Quietly(), s.OverviewNow},
		{http.MethodGet, "/console/menu", entrance.Insider, s.Menu},
		{http.MethodGet, "/console/find", entrance.Insider, s.Find},
	}
}

// approvalScreens is changes that wait for a second person.
func approvalScreens(s *console.Console) []screen {
	// Which of them somebody sees and decides their kind says.
	readsRequests := entrance.May("business", "read").Or("accounts", "read").Or("keys", "read").Or("settings", "read").Or("log", "check")
	checksRequests := entrance.May("business", "check").Or("roles", "check").Or("keys", "check").Or("settings", "check").Or("stops", "make").Or("thaw", "check").Or("log", "check")
	return []screen{
		{http.MethodGet, "/console/partner-requests", readsBusiness, s.PartnerRequests},
		{http.MethodGet, "/console/partner-requests/:request", readsBusiness, s.PartnerRequest},
		{http.MethodPost, "/console/partner-requests/:request/take", makesBusiness, s.PartnerRequestTake},
		{http.MethodPost, "/console/partner-requests/:request/answer", makesBusiness, s.PartnerRequestAnswer},
		{http.MethodPost, "/console/partner-requests/:request/propose", makesBusiness, s.PartnerRequestPropose},
		{http.MethodGet, "/console/approvals", readsRequests, s.Approvals},
		{http.MethodGet, "/console/approvals/:request", readsRequests, s.Approval},
		{http.MethodPost, "/console/approvals/:request/approve", checksRequests, s.ApprovalApprove},
		{http.MethodPost, "/console/approvals/:request/send-back", checksRequests, s.ApprovalSendBack},
		{http.MethodPost, "/console/approvals/:request/reject", checksRequests, s.ApprovalReject},
		{http.MethodPost, "/console/approvals/:request/withdraw", entrance.Insider, s.ApprovalWithdraw},
		{http.MethodPost, "/console/approvals/:request/export", entrance.May("log", "export"), s.LogExportApproved},
		{http.MethodPost, "/console/approvals/:request/comments", readsRequests, s.ApprovalComment},
		{http.MethodGet, "/console/changes/new", makesBusiness, s.ChangeNew},
		{http.MethodPost, "/console/changes", makesBusiness, s.ChangeSubmit},
	}
}

// partnerScreens is partners, and how they are registered.
func partnerScreens(s *console.Console) []screen {
	return []screen{
		{http.MethodGet, "/console/partners", readsBusiness, s.Partners},
		{http.MethodGet, "/console/partners/:partner", readsBusiness, s.PartnerShow("")},
		{http.MethodGet, "/console/partners/:partner/applications", readsBusiness, s.PartnerShow("applications")},
		{http.MethodGet, "/console/partners/:partner/grants", readsBusiness, s.PartnerShow("grants")},
		{http.MethodGet, "/console/partners/:partner/credentials", readsBusiness, s.PartnerShow("credentials")},
		{http.MethodGet, "/console/partners/:partner/limits", readsBusiness, s.PartnerShow("limits")},
		{http.MethodGet, "/console/partners/:partner/history", readsBusiness, s.PartnerShow("history")},
		{http.MethodGet, "/console/partners/:partner/portal", readsBusiness, s.PartnerShow("portal")},
		{http.MethodPost, "/console/partners/:partner/portal", makesBusiness, s.PartnerOwner},
		{http.MethodPost, "/console/partners/:partner/portal/:account/link", makesBusiness, s.PartnerOwnerLink},
		{http.MethodGet, "/console/partners/:partner/conformance/:run", readsBusiness, s.Conformance},
		{http.MethodGet, "/console/partners/:partner/conformance/:run/result", readsBusiness, s.ConformanceResult},
		{http.MethodGet, "/console/partners/:partner/notes", readsBusiness, s.PartnerShow("notes")},
		{http.MethodPost, "/console/partners/:partner/notes", makesStops, s.PartnerNote},
		{http.MethodGet, "/console/statements", readsBusiness, s.Statements},
		{http.MethodGet, "/console/partners/:partner/statement", readsBusiness, s.Statement},
		{http.MethodPost, "/console/partners/:partner/statement", readsBusiness, s.StatementExport},
		{http.MethodGet, "/console/partners/:partner/edit", makesBusiness, s.PartnerEdit},
		{http.MethodPost, "/console/partners/:partner", makesBusiness, s.PartnerUpdate},
		{http.MethodGet, "/console/partners/:partner/activate", makesBusiness, s.PartnerStep(console.PartnerActivation)},
		{http.MethodPost, "/console/partners/:partner/activate", makesBusiness, s.PartnerStepSubmit(console.PartnerActivation)},
		{http.MethodGet, "/console/partners/:partner/suspend", asksStops, s.PartnerStep(console.PartnerSuspension)},
		{http.MethodPost, "/console/partners/:partner/suspend", asksStops, s.PartnerStepSubmit(console.PartnerSuspension)},
		{http.MethodGet, "/console/partners/:partner/resume", thaws, s.PartnerStep(console.PartnerResumption)},
		{http.MethodPost, "/console/partners/:partner/resume", thaws, s.PartnerStepSubmit(console.PartnerResumption)},
		{http.MethodGet, "/console/partners/:partner/close", makesBusiness, s.PartnerClosing},
		{http.MethodPost, "/console/partners/:partner/close", makesBusiness, s.PartnerClosingSubmit},
		{http.MethodGet, "/console/onboarding/new", makesBusiness, s.OnboardingNew},
		{http.MethodPost, "/console/onboarding", makesBusiness, s.OnboardingCreate},
		{http.MethodGet, "/console/onboarding/:draft/:step", makesBusiness, s.OnboardingShow},
		{http.MethodPost, "/console/onboarding/:draft/:step", makesBusiness, s.OnboardingSubmit},
		{http.MethodPost, "/console/onboarding/:draft/drop", makesBusiness, s.OnboardingDrop},
		{http.MethodPost, "/console/onboarding/:draft/kept", makesBusiness, s.OnboardingKept},
	}
}

// applicationScreens is what a partner has: applications, credentials and grants.
func applicationScreens(s *console.Console) []screen {
	return []screen{
		{http.MethodGet, "/console/partners/:partner/applications/new", makesBusiness, s.ApplicationNew},
		{http.MethodPost, "/console/partners/:partner/applications", makesBusiness, s.ApplicationCreate},
		{http.MethodGet, "/console/partners/:partner/applications/:application", readsBusiness, s.ApplicationShow},
		{http.MethodGet, "/console/partners/:partner/applications/:application/edit", makesBusiness, s.ApplicationEdit},
		{http.MethodPost, "/console/partners/:partner/applications/:application", makesBusiness, s.ApplicationUpdate},
		{http.MethodGet, "/console/partners/:partner/applications/:application/limits", asksStops, s.ApplicationLimits},
		{http.MethodPost, "/console/partners/:partner/applications/:application/limits", asksStops, s.ApplicationLimitsUpdate},
		{http.MethodGet, "/console/partners/:partner/applications/:application/activate", makesBusiness, s.ApplicationStep(console.ApplicationActivation)},
		{http.MethodPost, "/console/partners/:partner/applications/:application/activate", makesBusiness, s.ApplicationStepSubmit(console.ApplicationActivation)},
		{http.MethodGet, "/console/partners/:partner/applications/:application/suspend", asksStops, s.ApplicationStep(console.ApplicationSuspension)},
		{http.MethodPost, "/console/partners/:partner/applications/:application/suspend", asksStops, s.ApplicationStepSubmit(console.ApplicationSuspension)},
		{http.MethodGet, "/console/partners/:partner/applications/:application/resume", thaws, s.ApplicationStep(console.ApplicationResumption)},
		{http.MethodPost, "/console/partners/:partner/applications/:application/resume", thaws, s.ApplicationStepSubmit(console.ApplicationResumption)},
		{http.MethodGet, "/console/partners/:partner/applications/:application/close", makesBusiness, s.ApplicationStep(console.ApplicationClosing)},
		{http.MethodPost, "/console/partners/:partner/applications/:application/close", makesBusiness, s.ApplicationStepSubmit(console.ApplicationClosing)},
		{http.MethodGet, "/console/partners/:partner/applications/:application/credentials/new", makesBusiness, s.CredentialNew},
		{http.MethodPost, "/console/partners/:partner/applications/:application/credentials", makesBusiness, s.CredentialCreate},
		{http.MethodPost, "/console/partners/:partner/credentials/kept", makesBusiness, s.CredentialKept},
		{http.MethodGet, "/console/partners/:partner/credentials/:credential/revoke", asksStops, s.CredentialRevoking},
		{http.MethodPost, "/console/partners/:partner/credentials/:credential/revoke", asksStops, s.CredentialRevoke},
		{http.MethodGet, "/console/partners/:partner/grants/new", makesBusiness, s.GrantNew},
		{http.MethodPost, "/console/partners/:partner/grants", makesBusiness, s.GrantCreate},
		{http.MethodGet, "/console/partners/:partner/grants/:grant", makesBusiness, s.GrantEdit},
		{http.MethodPost, "/console/partners/:partner/grants/:grant", makesBusiness, s.GrantUpdate},
		{http.MethodGet, "/console/partners/:partner/grants/:grant/end", asksStops, s.GrantEnding},
		{http.MethodPost, "/console/partners/:partner/grants/:grant/end", asksStops, s.GrantEndingSubmit},
	}
}

// catalogueScreens is services and scopes, and what they come to.
func catalogueScreens(s *console.Console) []screen {
	return []screen{
		{http.MethodGet, "/console/services", readsBusiness, s.Services},
		{http.MethodPost, "/console/services", makesBusiness, s.ServiceCreate},
		{http.MethodGet, "/console/services/new", makesBusiness, s.ServiceNew},
		{http.MethodGet, "/console/services/:service", readsBusiness, s.Service},
		{http.MethodGet, "/console/services/:service/edit", makesBusiness, s.ServiceEdit},
		{http.MethodPost, "/console/services/:service/edit", makesBusiness, s.ServiceUpdate},
		{http.MethodPost, "/console/services/:service/check", makesBusiness, s.ServiceCheck},
		{http.MethodPost, "/console/services/:service/routes", makesBusiness, s.RouteCreate},
		{http.MethodGet, "/console/services/:service/routes/new", makesBusiness, s.RouteNew},
		{http.MethodGet, "/console/services/:service/routes/:route", readsBusiness, s.RouteEdit},
		{http.MethodPost, "/console/services/:service/routes/:route", makesBusiness, s.RouteUpdate},
		{http.MethodGet, "/console/scopes", readsBusiness, s.Scopes},
		{http.MethodPost, "/console/scopes", makesBusiness, s.ScopeCreate},
		{http.MethodGet, "/console/scopes/new", makesBusiness, s.ScopeNew},
		{http.MethodGet, "/console/scopes/:scope", readsBusiness, s.Scope},
		{http.MethodGet, "/console/scopes/:scope/edit", makesBusiness, s.ScopeEdit},
		{http.MethodPost, "/console/scopes/:scope/edit", makesBusiness, s.ScopeUpdate},
		{http.MethodGet, "/console/simulator", readsBusiness, s.Simulator},
	}
}

// announcementScreens is what partners are told.
func announcementScreens(s *console.Console) []screen {
	return []screen{
		{http.MethodGet, "/console/announcements", readsBusiness, s.Announcements},
		{http.MethodPost, "/console/announcements", makesBusiness, s.AnnouncementCreate},
		{http.MethodGet, "/console/announcements/new", makesBusiness, s.AnnouncementNew},
		{http.MethodGet, "/console/announcements/:announcement", readsBusiness, s.Announcement},
		{http.MethodPost, "/console/announcements/:announcement", makesBusiness, s.AnnouncementUpdate},
		{http.MethodGet, "/console/announcements/:announcement/edit", makesBusiness, s.AnnouncementEdit},
		{http.MethodPost, "/console/announcements/:announcement/withdraw", makesBusiness, s.AnnouncementWithdraw},
	}
}

// stopScreens is the kill switch and the end of live visits.
func stopScreens(s *console.Console) []screen {
	readsStops := entrance.May("stops", "read")
	return []screen{
		{http.MethodGet, "/console/kill-switch", readsStops, s.KillSwitch},
		{http.MethodPost, "/console/kill-switch/freezes", asksStops, s.Freeze},
		{http.MethodGet, "/console/kill-switch/freezes/:freeze", readsStops, s.FreezeShow},
		{http.MethodPost, "/console/kill-switch/freezes/:freeze/thaw", thaws, s.FreezeThaw},
		{http.MethodGet, "/console/kill-switch/drill", makesStops, s.FreezeDrill},
		{http.MethodPost, "/console/kill-switch/drills", makesStops, s.FreezeDrillSubmit},

		{http.MethodGet, "/console/live", readsLog, s.Live},
		{http.MethodGet, "/console/live/end", asksStops, s.LiveEnding},
		{http.MethodPost, "/console/live/end", asksStops, s.LiveEndingSubmit},
		{http.MethodGet, "/console/visits/:id/end", asksStops, s.VisitEnding},
		{http.MethodPost, "/console/visits/:id/end", asksStops, s.VisitEnd},
	}
}

// logScreens is what happened: the issuance log and visits.
func logScreens(s *console.Console) []screen {
	return []screen{
		{http.MethodGet, "/console/log", readsLog, s.LogList},
		{http.MethodGet, "/console/log/stream", readsLog, s.LogStream},
		{http.MethodGet, "/console/log/export", entrance.May("log", "export"), s.LogExport},
		{http.MethodPost, "/console/log/export", entrance.May("log", "export"), s.LogExportSubmit},
		{http.MethodGet, "/console/log/:id", readsLog, s.LogShow},
		{http.MethodGet, "/console/calls", readsLog, s.Calls},
		{http.MethodGet, "/console/alerts", readsAlerts, s.Alerts},
		{http.MethodGet, "/console/alerts/:alert", readsAlerts, s.Alert},
		{http.MethodPost, "/console/alerts/:alert/acknowledge", acksAlerts, s.AlertAcknowledge},
		{http.MethodGet, "/console/visits", readsLog, s.Visits},
		{http.MethodGet, "/console/visits/find", readsLog, s.VisitFind},
		{http.MethodPost, "/console/visits/find", entrance.May("log", "clear"), s.VisitFindSubject},
		{http.MethodPost, "/console/visits/subject", entrance.May("log", "clear"), s.SubjectShow},
		{http.MethodGet, "/console/visits/at/:id", readsLog, s.XRayOfAT},
		{http.MethodGet, "/console/visits/request/:id", readsLog, s.XRayOfRequest},
		{http.MethodGet, "/console/visits/:id", readsLog, s.XRay},
	}
}

// keyScreens is the gateway's own keys.
func keyScreens(s *console.Console) []screen {
	makesKeys := entrance.May("keys", "make")
	return []screen{
		{http.MethodGet, "/console/keys", entrance.May("keys", "read"), s.Keys},
		{http.MethodGet, "/console/keys/:key/rotate", makesKeys, s.KeyChange(console.KeyRotation)},
		{http.MethodPost, "/console/keys/:key/rotate", makesKeys, s.KeyChangeSubmit(console.KeyRotation)},
		{http.MethodGet, "/console/keys/:key/replace", makesKeys, s.KeyChange(console.KeyReplacement)},
		{http.MethodPost, "/console/keys/:key/replace", makesKeys, s.KeyChangeSubmit(console.KeyReplacement)},
		{http.MethodGet, "/console/keys/:key/retire", makesKeys, s.KeyChange(console.KeyEnding)},
		{http.MethodPost, "/console/keys/:key/retire", makesKeys, s.KeyChangeSubmit(console.KeyEnding)},
		{http.MethodGet, "/console/keys/:key/retire-now", makesKeys, s.KeyChange(console.KeyEndingNow)},
		{http.MethodPost, "/console/keys/:key/retire-now", makesKeys, s.KeyChangeSubmit(console.KeyEndingNow)},
	}
}

// settingScreens is what gateways are told.
func settingScreens(s *console.Console) []screen {
	return []screen{
		{http.MethodGet, "/console/settings", entrance.May("settings", "read"), s.Settings},
		{http.MethodGet, "/console/settings/:section/edit", entrance.May("settings", "make"), s.SettingsEdit},
		{http.MethodPost, "/console/settings/:section", entrance.May("settings", "make"), s.SettingsUpdate},
	}
}

// staffScreens is the staff, and what they did.
func staffScreens(s *console.Console) []screen {
	return []screen{
		{http.MethodGet, "/console/staff", entrance.May("accounts", "read"), s.Staff},
		{http.MethodGet, "/console/staff/new", entrance.May("accounts", "make"), s.StaffNew},
		{http.MethodPost, "/console/staff", entrance.May("accounts", "make"), s.StaffInvite},
		{http.MethodGet, "/console/staff/:account", entrance.May("accounts", "read"), s.StaffMember},
		{http.MethodPost, "/console/staff/:account/roles", entrance.May("roles", "make"), s.StaffRole},
		{http.MethodPost, "/console/staff/:account/link", entrance.May("accounts", "make").Or("roles", "make"), s.StaffLink},
		{http.MethodPost, "/console/staff/:account/reset", entrance.May("roles", "make"), s.StaffReset},
		{http.MethodPost, "/console/staff/:account/disable", entrance.May("accounts", "make"), s.StaffDisable},
		{http.MethodPost, "/console/staff/:account/enable", entrance.May("accounts", "make"), s.StaffEnable},
		{http.MethodPost, "/console/staff/:account/sessions/:session/end", entrance.May("sessions", "end"), s.StaffSessionEnd},
		{http.MethodPost, "/console/staff/:account/sessions/end", entrance.May("sessions", "end"), s.StaffSessionsEnd},
		{http.MethodGet, "/console/activity", entrance.May("activity", "own"), s.Activity},
		{http.MethodGet, "/console/activity/export", entrance.May("activity", "own"), s.ActivityExport},
		{http.MethodPost, "/console/activity/export", entrance.May("activity", "own"), s.ActivityExportSubmit},
		{http.MethodGet, "/console/evidence", entrance.May("evidence", "read"), s.Evidence},
		{http.MethodGet, "/console/evidence/checkpoints/:size", entrance.May("evidence", "read"), s.EvidenceCheckpoint},
		{http.MethodGet, "/console/evidence/proofs/:event", entrance.May("evidence", "read"), s.EvidenceProof},
	}
}

// portalRoutes is everything that partners' users can reach, on the portal's
// listener.
func (a *App) portalRoutes() []screen {
	return slices.Concat(entranceScreens("/portal", a.portal.Entrance), teamScreens(a.portal), ownScreens(a.portal), ownRecordScreens(a.portal))
}

// teamScreens is the first page, what the bank tells, and who is in a partner's team.
func teamScreens(p *portal.Portal) []screen {
	reads, makes := entrance.May("team", "read"), entrance.May("team", "make")
	return []screen{
		{http.MethodGet, "/portal", entrance.May("applications", "read"), p.Home},
		{http.MethodGet, "/portal/status", entrance.May("applications", "read"), p.Status},
		{http.MethodGet, "/portal/team", reads, p.Team},
		{http.MethodPost, "/portal/team/second", makes, p.TeamSecond},
		{http.MethodPost, "/portal/team/second/drop", entrance.May("production", "confirm"), p.TeamSecondDrop},
		{http.MethodGet, "/portal/team/new", makes, p.MemberNew},
		{http.MethodPost, "/portal/team", makes, p.MemberInvite},
		{http.MethodGet, "/portal/team/:account", makes, p.Member},
		{http.MethodPost, "/portal/team/:account", makes, p.MemberUpdate},
		{http.MethodPost, "/portal/team/:account/link", makes, p.MemberLink},
		{http.MethodPost, "/portal/team/:account/remove", makes, p.MemberRemove},
	}
}

// ownScreens is what a partner has, and what it asks of the bank.
func ownScreens(p *portal.Portal) []screen {
	reads, makes := entrance.May("applications", "read"), entrance.May("applications", "make")
	asks, answers := entrance.May("production", "ask"), entrance.May("requests", "answer")
	return []screen{
		{http.MethodGet, "/portal/applications", reads, p.Applications},
		{http.MethodPost, "/portal/applications", makes, p.ApplicationCreate},
		{http.MethodGet, "/portal/applications/new", makes, p.ApplicationNew},
		{http.MethodGet, "/portal/applications/:application", reads, p.Application},
		{http.MethodGet, "/portal/try", makes, p.TryChoose},
		{http.MethodGet, "/portal/applications/:application/try", makes, p.Try},
		{http.MethodPost, "/portal/applications/:application/try", makes, p.TryStep},
		{http.MethodPost, "/portal/applications/:application/try/weather", makes, p.WeatherSet},
		{http.MethodGet, "/portal/applications/:application/conformance", reads, p.Conformance},
		{http.MethodPost, "/portal/applications/:application/conformance", makes, p.ConformanceStep},
		{http.MethodGet, "/portal/applications/:application/conformance/now", reads.Quietly(), p.Conformance},
		{http.MethodGet, "/portal/applications/:application/conformance/:run", reads, p.ConformanceRun},
		{http.MethodGet, "/portal/applications/:application/conformance/:run/result", reads, p.ConformanceResult},
		{http.MethodGet, "/portal/applications/:application/code", reads, p.Code},
		{http.MethodGet, "/portal/applications/:application/edit", makes, p.ApplicationEdit},
		{http.MethodPost, "/portal/applications/:application/edit", makes, p.ApplicationUpdate},
		{http.MethodGet, "/portal/applications/:application/close", makes, p.ApplicationClosing},
		{http.MethodPost, "/portal/applications/:application/close", makes, p.ApplicationClose},
		{http.MethodPost, "/portal/applications/:application/credentials", makes, p.CredentialCreate},
		{http.MethodGet, "/portal/applications/:application/credentials/new", makes, p.CredentialNew},
		{http.MethodPost, "/portal/applications/:application/credentials/kept", makes, p.CredentialKept},
		{http.MethodGet, "/portal/applications/:application/credentials/:credential", reads, p.Credential},
		{http.MethodGet, "/portal/applications/:application/credentials/:credential/end", makes, p.CredentialEnding},
		{http.MethodPost, "/portal/applications/:application/credentials/:credential/end", makes, p.CredentialEnd},
		{http.MethodPost, "/portal/applications/:application/credentials/:credential/keep", makes, p.CredentialKeep},
		{http.MethodGet, "/portal/applications/:application/credentials/:credential/freeze", makes, p.CredentialFreezing},
		{http.MethodPost, "/portal/applications/:application/credentials/:credential/freeze", makes, p.CredentialFreeze},
		{http.MethodPost, "/portal/applications/:application/credentials/:credential/thaw", makes, p.CredentialThaw},
		{http.MethodGet, "/portal/docs", reads, p.Docs},
		{http.MethodGet, "/portal/docs/:page", reads, p.Docs},
		{http.MethodGet, "/portal/webhooks", reads, p.Webhooks},
		{http.MethodPost, "/portal/webhooks", makes, p.WebhookCreate},
		{http.MethodGet, "/portal/webhooks/new", makes, p.WebhookNew},
		{http.MethodGet, "/portal/webhooks/:webhook", reads, p.Webhook},
		{http.MethodGet, "/portal/webhooks/:webhook/edit", makes, p.WebhookEdit},
		{http.MethodPost, "/portal/webhooks/:webhook/edit", makes, p.WebhookUpdate},
		{http.MethodPost, "/portal/webhooks/:webhook/test", makes, p.WebhookTest},
		{http.MethodPost, "/portal/webhooks/:webhook/remove", makes, p.WebhookRemove},
		{http.MethodPost, "/portal/webhooks/:webhook/deliveries/:delivery/again", makes, p.DeliveryAgain},
		{http.MethodGet, "/portal/scopes", reads, p.Scopes},
		{http.MethodGet, "/portal/scopes/:scope", reads, p.Scope},
		{http.MethodPost, "/portal/scopes/:scope", reads, p.ScopeGet},
		{http.MethodGet, "/portal/grants/:grant/end", reads, p.GrantEnding},
		{http.MethodPost, "/portal/grants/:grant/end", reads, p.GrantEnd},
		{http.MethodGet, "/portal/requests", entrance.May("requests", "read"), p.Requests},
		{http.MethodPost, "/portal/requests", asks, p.RequestCreate},
		{http.MethodGet, "/portal/requests/new", asks, p.RequestNew},
		{http.MethodGet, "/portal/requests/:request", entrance.May("requests", "read"), p.Request},
		{http.MethodPost, "/portal/requests/:request/reply", answers, p.RequestReply},
		{http.MethodPost, "/portal/requests/:request/withdraw", answers, p.RequestWithdraw},
		{http.MethodPost, "/portal/requests/:request/confirm", entrance.May("production", "confirm"), p.RequestConfirm},
	}
}

// ownRecordScreens are what is on record of a partner's own.
func ownRecordScreens(p *portal.Portal) []screen {
	reads, exports := entrance.May("log", "read"), entrance.May("log", "export")
	return []screen{
		{http.MethodGet, "/portal/log", reads, p.LogList},
		{http.MethodGet, "/portal/log/stream", reads.Quietly(), p.LogStream},
		{http.MethodGet, "/portal/log/export", exports, p.LogExport},
		{http.MethodPost, "/portal/log/export", exports, p.LogExportSubmit},
		{http.MethodGet, "/portal/log/:id", reads, p.LogShow},
		{http.MethodGet, "/portal/calls", reads, p.Calls},
		{http.MethodGet, "/portal/calls/export", exports, p.CallsExport},
		{http.MethodPost, "/portal/calls/export", exports, p.CallsExportSubmit},
		{http.MethodGet, "/portal/usage", reads, p.Usage},
		{http.MethodGet, "/portal/explain", reads, p.Explain},
		{http.MethodPost, "/portal/explain", reads, p.Explained},
		{http.MethodGet, "/portal/visits/:id", reads, p.Visit},
		{http.MethodGet, "/portal/visits/at/:id", reads, p.VisitOfAT},
		{http.MethodGet, "/portal/visits/request/:id", reads, p.VisitOfRequest},
	}
}

// Gateway is the handler of the listener that faces the internet.
func (a *App) Gateway() (http.Handler, error) {
	return a.engine(a.gatewayRoutes(), a.config.TrustedProxies)
}

// Internal is the handler of the listener that does not. What a page of another
// site makes a browser send does not get to the console (RFC 9110 has no name for
// it; Fetch's Sec-Fetch-Site and Origin tell).
func (a *App) Internal() (http.Handler, error) {
	routes := a.internalRoutes()
	for _, r := range a.consoleRoutes() {
		if r.method == http.MethodGet {
			a.console.Page(r.pattern)
		}
		routes = append(routes, route{r.method, r.pattern, staff, a.console.Guard(r.access, r.screen)})
	}
	return a.house(routes, a.config.InternalProxies)
}

// Portal is the handler of the listener for partners' users, closed to other sites'
// pages as the console is.
func (a *App) Portal() (http.Handler, error) {
	routes := []route{{http.MethodGet, "/healthz", public, health}}
	for _, r := range a.portalRoutes() {
		if r.method == http.MethodGet {
			a.portal.Page(r.pattern)
		}
		routes = append(routes, route{r.method, r.pattern, partner, a.portal.Guard(r.access, r.screen)})
	}
	return a.house(routes, a.config.PortalProxies)
}

// house is the handler of screens, with what their pages are made of.
func (a *App) house(routes []route, proxies []netip.Prefix) (http.Handler, error) {
	files := gin.WrapH(static.Handler())
	routes = append(routes, route{http.MethodGet, static.Prefix + "*file", public, files})
	e, err := a.engine(routes, proxies)
	if err != nil {
		return nil, err
	}
	return http.NewCrossOriginProtection().Handler(e), nil
}

func (a *App) engine(routes []route, proxies []netip.Prefix) (http.Handler, error) {
	e, err := web.New(web.Options{
		Log: a.config.Log, Now: a.config.Now, Rand: a.config.Rand,
		TrustedProxies: proxies, Observe: a.metrics.served,
	})
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		e.Handle(r.method, r.pattern, r.handler)
	}
	return e, nil
}

func health(c *gin.Context) { c.String(http.StatusOK, "ok\n") }

// sdkTypes are the media types of what the SDK's folder holds.
var sdkTypes = map[string]string{
	"postern.js":     "text/javascript; charset=utf-8",
	"postern.d.ts":   "text/plain; charset=utf-8",
	"postern.js.sri": "text/plain; charset=utf-8",
}

// serveSDK serves the pages' SDK. The bytes behind an address never change once
// released, and any page may check them by their integrity hash.
func serveSDK(c *gin.Context) {
	name := c.Param("file")
	content, ok := sdk.File(name)
	if !ok || sdkTypes[name] == "" {
		c.String(http.StatusNotFound, "not found\n")
		return
	}
	c.Header("Access-Control-Allow-Origin", "*")
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	c.Header("Cache-Control", "public, max-age=86400")
	c.Data(http.StatusOK, sdkTypes[name], content)
}
