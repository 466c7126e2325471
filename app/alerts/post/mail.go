package post

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"

	"postern/app/config"
)

// mailPatience is how long a conversation with the server may take.
const mailPatience = 10 * time.Second

// roomMail is how long a mail's text may be.
const roomMail = 64 << 10

type mailSender struct {
	config config.Mail
	roots  *x509.CertPool
}

func newMail(c config.Mail, roots *x509.CertPool) mailSender { return mailSender{c, roots} }

func (s mailSender) Room() int { return roomMail }

// Send sends each reader a letter of their own: a server that does not know one
// of them keeps it from nobody else, and an error that is Partly says so.
func (s mailSender) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	client, err := s.client()
	if err != nil {
		return s.clean(err)
	}
	readers := m.To
	if readers == nil {
		readers = s.config.To
	}
	letters := make([]*mail.Msg, len(readers))
	for i, to := range readers {
		if letters[i], err = s.letter(m, to); err != nil {
			return s.clean(err)
		}
	}
	err = s.clean(client.DialAndSendWithContext(ctx, letters...))
	if m.Opens {
		err = unquoted(letters, err)
	}
	taken, unknown := outcome(letters)
	switch {
	case taken == len(letters): // what the server says to our leaving does not matter
		return nil
	case taken > 0 && taken+unknown == len(letters):
		return Partly{Why: err}
	}
	return err
}

// unquoted is err without a server's words about letters that it may have read: it could repeat
// them, in lines of its own.
func unquoted(letters []*mail.Msg, err error) error {
	for _, l := range letters {
		var refused *mail.SendError
		if errors.As(l.SendError(), &refused) {
			return fmt.Errorf("%s, SMTP code %d", refused.Reason, refused.ErrorCode())
		}
	}
	return err
}

// outcome counts the letters that the server took, and those whose reader it
// does not want.
func outcome(letters []*mail.Msg) (taken, unknown int) {
	for _, l := range letters {
		var refused *mail.SendError
		switch {
		case l.IsDelivered():
			taken++
		case errors.As(l.SendError(), &refused) && refused.Reason == mail.ErrSMTPRcptTo:
			unknown++
		}
	}
	return taken, unknown
}

func (s mailSender) client() (*mail.Client, error) {
	host, port, err := net.SplitHostPort(s.config.Host)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("port %q: %w", port, err)
	}
	options := []mail.Option{
		mail.WithPort(number), mail.WithTimeout(mailPatience), mail.WithTLSConfig(tlsConfig(s.roots, host)),
	}
	switch s.config.Security {
	case "tls":
		options = append(options, mail.WithSSL())
	case "starttls":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default: // on this machine only
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.config.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(s.config.User), mail.WithPassword(s.config.Password.Reveal()))
	}
	return mail.NewClient(host, options...)
}

func (s mailSender) letter(m Message, to string) (*mail.Msg, error) {
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(letter.From(s.config.From), letter.To(to)); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(s.config.From, "@")
	letter.SetMessageIDWithValue(m.ID + "@" + strings.TrimRight(domain, ">")) // the same when it is sent again
	letter.SetDateWithValue(m.At)
	letter.Subject(m.Title)
	letter.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5: no out-of-office replies
	letter.SetBodyString(mail.TypeTextPlain, m.Text)
	return letter, nil
}

// clean takes what the server may have repeated of the password out of an error.
func (s mailSender) clean(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(said(err.Error(), s.config.Password.Reveal()))
}
