package demo

import (
	"log/slog"
	"net/http"

	"postern/static"
	"postern/static/sdk"
	views "postern/views/demo"
)

// bankApp is the address of the bank's own app on a phone.
const bankApp = "haitangbank://home"

// pageHandler serves the bank's H5 page on an origin of its own, as a bank
// would: static, without a session, allowed to talk to the gateway and to
// nobody else. That the shell may frame it is the demo's, for a phone's webView
// is no frame.
func pageHandler(p places, log *slog.Logger) http.Handler {
	content := "default-src 'none'; script-src 'self' " + p.gateway + "; style-src 'self'; img-src 'self' data:; " +
		"connect-src " + p.gateway + "; form-action 'none'; base-uri 'none'; frame-ancestors " + p.partner
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pagePath, func(w http.ResponseWriter, r *http.Request) {
		page(w, r, log, views.H5(views.H5Page{
			Gateway: p.gateway, Service: serviceID,
			SDK: p.gateway + "/sdk/" + sdk.Version + "/postern.js", Integrity: sdk.Integrity(),
			Shell: p.partner, BankApp: bankApp,
		}))
	})
	mux.Handle("GET "+static.Prefix, static.Handler())
	return policy(content, readers(mux))
}
