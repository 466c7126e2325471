package app_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
)

// postbox takes letters by SMTP (RFC 5321), in clear and on loopback, or refuses each.
type postbox struct {
	address string

	mutex   sync.Mutex
	full    bool
	to      string
	letters []*mail.Message
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &postbox{address: l.Addr().String()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.serve(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return b
}

func (b *postbox) serve(c net.Conn) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	in := bufio.NewReader(c)
	say := func(line string) { fmt.Fprint(c, line+"\r\n") }
	say("220 mail.bank.example")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); {
		case verb == "RCPT":
			b.to = strings.TrimSpace(line)
			say("250 go on")
		case verb == "DATA":
			say("354 go on")
			var text strings.Builder
			for line != ".\r\n" {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
				text.WriteString(line)
			}
			if b.full { // and says what it was sent, as some do
				say("552 full: " + linkIn(text.String()))
				continue
			}
			if letter, err := mail.ReadMessage(strings.NewReader(text.String())); err == nil {
				b.letters = append(b.letters, letter)
			}
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 go on")
		}
	}
}

func linkIn(letter string) string {
	_, rest, _ := strings.Cut(strings.ReplaceAll(letter, "=\r\n", ""), "/setup/")
	token, _, _ := strings.Cut(rest, "\r\n")
	return token
}

func (b *postbox) is(full bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.full = full
}

// An invitation goes to its mailbox and nobody else sees the link; where the mail server does
// not take it, whoever invites hands it over. What it opens is in no log either way.
func TestAnInvitationIsMailed(t *testing.T) {
	t.Parallel()
	box, log := newPostbox(t), &logBuffer{}
	box.is(true)
	o := newOffice(t, newWorld(t, apptest.Options{Config: func(c *app.Config) {
		c.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Alerts = config.Default().Alerts
		c.Alerts.Mail.Host, c.Alerts.Mail.Security, c.Alerts.Mail.From, c.Alerts.Mail.To = box.address, "none", "postern@bank.example", []string{"soc@bank.example"}
	}}))
	invite := func(email string) string {
		rec := o.as("owner", "/portal/team", url.Values{"name": {"Visit evil.example now"}, "email": {email}, "role": {"viewer"}})
		if rec.Code != http.StatusOK {
			t.Fatalf("invite: %d\n%.600s", rec.Code, rec.Body)
		}
		return rec.Body.String()
	}
	box.is(false)
	page := invite("new@lianhe.example")
	if strings.Contains(page, "/portal/setup/") || !strings.Contains(page, "The link was sent to new@lianhe.example") {
		t.Errorf("whoever invites sees the link, or not where it went\n%.1500s", page[strings.Index(page, "<main"):])
	}
	if len(box.letters) != 1 || !strings.Contains(box.to, "<new@lianhe.example>") {
		t.Fatalf("%d letters, to %s", len(box.letters), box.to)
	}
	letter := box.letters[0]
	title, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
	body, fault := io.ReadAll(quotedprintable.NewReader(letter.Body))
	if err != nil || fault != nil || !strings.Contains(title, "Your invitation to the partner portal of ") || !strings.Contains(title, "合作方门户邀请") {
		t.Errorf("subject %q, %v, %v", title, err, fault)
	}
	if text := string(body); strings.Contains(text, "evil.example") || strings.Count(text, "/portal/setup/") != 2 || !strings.Contains(text, "Lianhe Travel") {
		t.Errorf("the letter says\n%s", text)
	}
	token := linkIn(string(body))
	if rec := o.as("nobody", "/portal/setup/"+token, nil); rec.Code != http.StatusOK {
		t.Errorf("the link that was mailed: %d", rec.Code)
	}

	box.is(true)
	page = invite("full@lianhe.example")
	if !strings.Contains(page, "The mail to full@lianhe.example could not be sent.") {
		t.Errorf("nobody is told that the mail was not sent\n%.1500s", page[strings.Index(page, "<main"):])
	}
	shown := tokenIn(t, page)
	if rec := o.as("somebody", "/portal/setup/"+shown, nil); rec.Code != http.StatusOK {
		t.Errorf("the link that is shown instead: %d", rec.Code)
	}
	if said := string(log.text()); strings.Contains(said, token) || strings.Contains(said, shown) || !strings.Contains(said, "invitation was not mailed") || !strings.Contains(said, "SMTP code 552") || strings.Contains(said, "full:") {
		t.Errorf("the log has a link, or not why it was not mailed: %s", said)
	}
}
