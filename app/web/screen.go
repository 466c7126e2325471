package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/views/i18n"
)

// Screen answers one request for a page. An error that it returns is shown by
// whoever mounted it; until then nothing has been written.
type Screen func(c *gin.Context) error

// ContentPolicy is the content security policy of every page (CSP level 3):
// everything from this host, nothing inline, nowhere framed. data: images are the
// style sheet's own.
const ContentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Headers are on every page (ASVS 5.0.0 section 3.4). Pages show what not
// everybody may see, so no cache keeps them.
func Headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", ContentPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// Render writes a page in the reader's language, whole or not at all.
func Render(c *gin.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(c.Request.Context(), &b); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// SeeOther leads to a page of this host after a change.
func SeeOther(c *gin.Context, path string) error {
	c.Redirect(http.StatusSeeOther, path)
	return nil
}

// Cookies sets and reads the cookies of one listener. Through TLS their names
// begin with __Host-, so that no other host of the bank's domain can plant them
// (RFC 6265bis section 4.1.3.2); on plain loopback a browser would refuse that.
type Cookies struct{ Secure bool }

func (k Cookies) name(name string) string {
	if k.Secure {
		return "__Host-" + name
	}
	return name
}

// Get reads a cookie; "" when there is none.
func (k Cookies) Get(c *gin.Context, name string) string {
	cookie, err := c.Request.Cookie(k.name(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// Set sets a cookie for a time; 0 keeps it until the browser is closed, less
// than 0 drops it.
func (k Cookies) Set(c *gin.Context, name, value string, life time.Duration) {
	age := int(life.Seconds())
	if life < 0 {
		age = -1
	}
	http.SetCookie(c.Writer, &http.Cookie{
		Name: k.name(name), Value: value, Path: "/", MaxAge: age,
		Secure: k.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Speak makes everything that is rendered for the request speak the reader's
// language: what was chosen once, else what the browser asks for.
func Speak(c *gin.Context, chosen string) {
	lang := i18n.Pick(chosen, c.GetHeader("Accept-Language"))
	c.Request = c.Request.WithContext(i18n.WithLang(c.Request.Context(), lang))
	c.Header("Vary", "Accept-Language, Cookie")
}

// maxForm bounds a form, octets.
const maxForm = 1 << 20

// withFiles reads a form that carries files, all of it in memory, which the body's bound
// bounds: what a file holds becomes the value of its field.
func withFiles(r *http.Request) error {
	if err := r.ParseMultipartForm(maxForm); err != nil {
		return err
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // there is none on disk
	for field, files := range r.MultipartForm.File {
		if len(files) != 1 || r.PostForm.Has(field) {
			return errors.New("a field has several values")
		}
		f, err := files[0].Open()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		r.PostForm.Set(field, strings.TrimPrefix(string(content), "\ufeff"))
	}
	return nil
}

// Form reads a request's form: urlencoded, or with files, bounded, every value a text that any
// database holds, which is UTF-8 without NUL; a browser sends nothing else. Its line
// ends are as they were before a browser made CRLF of them (HTML, "constructing the
// entry list"): a text that nobody touched must not come back changed. Anything
// else is ErrForm, or ErrLongForm.
func Form(c *gin.Context) error {
	body := c.Request.Body
	c.Request.Body = http.MaxBytesReader(c.Writer, body, maxForm)
	var err error
	switch c.ContentType() {
	case "application/x-www-form-urlencoded":
		err = c.Request.ParseForm()
	case "multipart/form-data":
		err = withFiles(c.Request)
	default:
		return ErrForm
	}
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		// A browser that is still sending when the connection ends shows no answer.
		_, _ = io.CopyN(io.Discard, body, 8*maxForm)
		return ErrLongForm.Wrap(err)
	}
	if err != nil {
		return ErrForm.Wrap(err)
	}
	for _, values := range c.Request.PostForm {
		for i, text := range values {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return ErrForm
			}
			values[i] = strings.ReplaceAll(text, "\r\n", "\n")
		}
	}
	return nil
}
