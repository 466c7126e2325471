package oauth

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// The suites of protocol section 2.
const (
	suiteA256 = "A256"
	suiteGM   = "GM"
)

// metadata is RFC 8414 section 2 plus the members of protocol section 8.
type metadata struct {
	Issuer             string   `json:"issuer"`
	TokenEndpoint      string   `json:"token_endpoint"`
	JWKSURI            string   `json:"jwks_uri"`
	JWKSGMURI          string   `json:"jwks_gm_uri"`
	Introspection      string   `json:"introspection_endpoint"`
	IntrospectionAuth  []string `json:"introspection_endpoint_auth_methods_supported"`
	Revocation         string   `json:"revocation_endpoint"`
	RevocationAuth     []string `json:"revocation_endpoint_auth_methods_supported"`
	GrantTypes         []string `json:"grant_types_supported"`
	ResponseTypes      []string `json:"response_types_supported"`
	TokenAuth          []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgs      []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	VisitTokenEndpoint string   `json:"visit_token_endpoint"`
	CallEndpoint       string   `json:"call_endpoint"`
	Suites             []string `json:"suites_supported"`
}

// Metadata is GET /.well-known/oauth-authorization-server.
func (o *OAuth) Metadata(c *gin.Context) {
	methods := []string{"private_key_jwt", "client_secret_basic"}
	public(c)
	c.JSON(http.StatusOK, metadata{
		Issuer: o.Issuer, TokenEndpoint: o.Issuer + "/oauth/token",
		JWKSURI: o.Issuer + "/.well-known/jwks.json", JWKSGMURI: o.Issuer + "/.well-known/jwks-gm.json",
		Introspection: o.Issuer + "/oauth/introspect", IntrospectionAuth: []string{"client_secret_basic"},
		Revocation: o.Issuer + "/oauth/revoke", RevocationAuth: methods,
		GrantTypes: []string{"client_credentials"}, ResponseTypes: []string{},
		TokenAuth: methods, TokenAuthAlgs: []string{"ES256", "PS256", "EdDSA"},
		VisitTokenEndpoint: o.Issuer + "/gateway/v1/visit-tokens", CallEndpoint: o.Issuer + "/gateway/v1/calls",
		Suites: []string{suiteA256},
	})
}

// JWKS is GET /.well-known/jwks.json.
func (o *OAuth) JWKS(c *gin.Context) { o.keySet(c, suiteA256) }

// JWKSGM is GET /.well-known/jwks-gm.json.
func (o *OAuth) JWKSGM(c *gin.Context) { o.keySet(c, suiteGM) }

func (o *OAuth) keySet(c *gin.Context, suite string) {
	set, err := o.Ring.JWKS(suite)
	if err != nil {
		o.refuse(c, "jwks", err)
		return
	}
	public(c)
	c.Data(http.StatusOK, "application/jwk-set+json", set)
}

// public lets any origin read an answer, and caches keep it for 300 s, as long
// as a key is listed before its first use (protocol section 8).
func public(c *gin.Context) {
	c.Header("Access-Control-Allow-Origin", "*")
	c.Header("Cache-Control", "public, max-age=300")
}
