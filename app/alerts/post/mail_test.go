package post_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"postern/app/alerts/post"
	"postern/app/config"
)

const plantedPassword = "planted-password-77"

// mailServer is a server that speaks as much of SMTP (RFC 5321) as is asked of
// it: EHLO, STARTTLS (RFC 3207), AUTH PLAIN (RFC 4954), one letter.
type mailServer struct {
	address, ca string
	implicit    bool   // TLS from the first octet
	clear       bool   // no STARTTLS
	refuses     string // what is said to RCPT
	only        string // the one that is refused; empty for all
	hangs       bool   // says nothing at all
	config      *tls.Config

	heard  []string
	letter string // the last one
	tls    bool
}

func newMailServer(t *testing.T, change func(*mailServer)) *mailServer {
	t.Helper()
	https := httptest.NewTLSServer(nil) // its certificate is for 127.0.0.1
	t.Cleanup(https.Close)
	s := &mailServer{ca: authority(t, https), config: &tls.Config{Certificates: https.TLS.Certificates}}
	change(s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.talk(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return s
}

func (s *mailServer) talk(c net.Conn) {
	if s.hangs {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	if s.implicit {
		c, s.tls = tls.Server(c, s.config), true
	}
	in := bufio.NewReader(c)
	say := func(line string) { fmt.Fprint(c, line+"\r\n") }
	say("220 mail.bank.example")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.heard = append(s.heard, line)
		switch verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0]); {
		case verb == "EHLO" && !s.tls && !s.clear:
			say("250-mail.bank.example\r\n250 STARTTLS")
		case verb == "EHLO":
			say("250-mail.bank.example\r\n250 AUTH PLAIN")
		case verb == "STARTTLS":
			say("220 go on")
			c, s.tls = tls.Server(c, s.config), true
			in = bufio.NewReader(c)
		case verb == "AUTH":
			if line != "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00postern\x00"+plantedPassword)) {
				say("535 no: " + plantedPassword)
				continue
			}
			say("235 welcome")
		case verb == "RCPT" && s.refuses != "" && strings.Contains(line, s.only):
			say(s.refuses)
		case verb == "DATA":
			say("354 go on")
			s.letter = readLetter(in)
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func readLetter(in *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

// to is a configuration of mail to the server.
func (s *mailServer) to(security string) (c config.Alerts) {
	c.Mail = config.Mail{
		Host: s.address, Security: security, From: "postern@bank.example", To: []string{"soc@bank.example", "ops@bank.example"},
		Telling: config.Telling{CA: s.ca},
	}
	return c
}

func TestALetterArrives(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		security string
		change   func(*mailServer)
		user     string
	}{
		"through STARTTLS, with a password": {"starttls", func(*mailServer) {}, "postern"},
		"through TLS from the first octet":  {"tls", func(s *mailServer) { s.implicit = true }, "postern"},
		"in clear on this machine":          {"none", func(s *mailServer) { s.clear = true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newMailServer(t, tc.change)
			c := s.to(tc.security)
			if c.Mail.User = tc.user; tc.user != "" {
				c.Mail.Password = config.NewSecret(plantedPassword)
			}
			if err := open(t, c).Send(t.Context(), message); err != nil {
				t.Fatalf("%v after %q", err, s.heard)
			}
			if s.tls != (tc.security != "none") {
				t.Errorf("TLS: %v", s.tls)
			}
			for _, want := range []string{"MAIL FROM:<postern@bank.example>", "RCPT TO:<soc@bank.example>", "RCPT TO:<ops@bank.example>"} {
				if !slices.ContainsFunc(s.heard, func(line string) bool { return strings.HasPrefix(line, want) }) {
					t.Errorf("the server did not hear %q: %q", want, s.heard)
				}
			}
			wantLetter(t, s.letter)
		})
	}
}

func wantLetter(t *testing.T, text string) {
	t.Helper()
	letter, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
	if err != nil || subject != message.Title {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<" + message.ID + "@bank.example>", "Auto-Submitted": "auto-generated", "Date": "Sun, 22 Nov 2026 10:05:11 +0000",
	} {
		if got := letter.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(letter.Body))
	if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != message.Text {
		t.Errorf("the letter says %q, %v", body, err)
	}
}

// Who has left the bank must not silence the alarms of those who have not.
func TestAReaderWhoIsGoneSilencesNobodyElse(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"<soc@bank.example>", "<ops@bank.example>"} {
		s := newMailServer(t, func(s *mailServer) { s.refuses, s.only = "550 no such mailbox", gone })
		err := open(t, s.to("starttls")).Send(t.Context(), message)
		var partly post.Partly
		if !errors.As(err, &partly) || !strings.Contains(err.Error(), "550") {
			t.Errorf("%s is gone: %v", gone, err)
		}
		wantLetter(t, s.letter)
	}
}

func TestFaultsOfTheMailServerTellNoPassword(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		security string
		change   func(*mailServer)
		password string
		want     string
	}{
		"no STARTTLS where it must be": {"starttls", func(s *mailServer) { s.clear = true }, plantedPassword, "STARTTLS"},
		"a wrong password":             {"starttls", func(*mailServer) {}, plantedPassword + "x", "535"},
		"an unknown mailbox":           {"starttls", func(s *mailServer) { s.refuses = "550 no such mailbox" }, plantedPassword, "550"},
		"an authority that is another": {"starttls", func(s *mailServer) { s.ca = "" }, plantedPassword, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newMailServer(t, tc.change)
			c := s.to(tc.security)
			c.Mail.User, c.Mail.Password = "postern", config.NewSecret(tc.password)
			err := open(t, c).Send(t.Context(), message)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			} else if strings.Contains(err.Error(), tc.password) || s.letter != "" {
				t.Errorf("it tells too much: %v", err)
			}
			if !s.tls && slices.ContainsFunc(s.heard, func(line string) bool { return strings.HasPrefix(line, "AUTH") }) {
				t.Error("the password went in clear")
			}
		})
	}
}

// A letter to one person goes to that person alone, and no name in it makes a header.
func TestALetterToOnePerson(t *testing.T) {
	t.Parallel()
	s := newMailServer(t, func(*mailServer) {})
	m := message
	m.To, m.Title = []string{"he.jing@bank.example"}, "Request\r\nBcc: evil@example.com\r\n\r\n"+strings.Repeat("长", 20_000)
	if err := open(t, s.to("starttls")).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, line := range s.heard {
		if strings.HasPrefix(line, "RCPT") && !strings.HasPrefix(line, "RCPT TO:<he.jing@bank.example>") {
			t.Errorf("the server heard %q", line)
		}
	}
	letter, err := mail.ReadMessage(strings.NewReader(s.letter))
	if err != nil || letter.Header.Get("Bcc") != "" || letter.Header.Get("To") != "<he.jing@bank.example>" {
		t.Errorf("%v, header %v", err, letter.Header["Bcc"])
	}
	m.To = []string{"he.jing@bank.example\r\nRCPT TO:<evil@example.com>"}
	if err := open(t, s.to("starttls")).Send(t.Context(), m); err == nil {
		t.Error("an address with a line's end was taken")
	}
}
