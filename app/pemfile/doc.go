// Package pemfile reads the PEM files that settings name: authorities that may
// sign a peer's certificate, and a certificate of our own with its private key.
//
// It keeps nothing and watches nothing: app/web reads a listener's anew when they
// change, other callers read them each time.
package pemfile
