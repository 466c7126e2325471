package apptest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
)

// Through makes the world talk to another gateway process from now on, one that
// runs on the world's database, keys and clock.
func (w *World) Through(h http.Handler) { w.handler = h }

// OpenTokenResponse opens the AT in an answer of step B with the client's key.
func (w *World) OpenTokenResponse(client string, rec *httptest.ResponseRecorder) string {
	w.T.Helper()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		w.T.Fatal(err)
	}
	return w.OpenAT(client, answer.AccessToken)
}
