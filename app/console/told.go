package console

import (
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/alerts"
	"postern/app/config"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
)

// maxTold bounds how much news of a request its page looks at.
const maxTold = 200

// toldWords say what became of news: of mail by the number of persons, of a group
// by its name.
var toldWords = map[string]struct{ mail, group i18n.Key }{
	"sent": {i18n.NoticeMailed, i18n.NoticePosted}, "failed": {i18n.NoticeMailFailed, i18n.NoticePostFailed},
	"given up": {i18n.NoticeMailGaveUp, i18n.NoticePostGaveUp}, "waits": {i18n.NoticeMailWaits, i18n.NoticePostWaits},
}

var receiverWords = map[string]i18n.Key{
	config.ReceiverWebhook: i18n.NoticeOfWebhook, config.ReceiverWeCom: i18n.NoticeOfWeCom, config.ReceiverDingTalk: i18n.NoticeOfDingTalk,
}

// toldOf is who was told that a request waits, and how that went: mail by what
// became of it, groups one by one. Why a receiver did not take it is the
// operator's to know (postern doctor), not the reader's.
func (s *Console) toldOf(c *gin.Context, request int64) (rows []console.ToldRow, err error) {
	ctx := c.Request.Context()
	list, err := s.o.Store.DeliveriesOf(ctx, request, maxTold)
	if err != nil {
		return nil, err
	}
	mails := map[string]int{}
	when := map[string]int64{}
	for _, d := range list {
		state, at := stateOf(d)
		receiver, account := alerts.Reader(d.Receiver)
		if d.News != models.NewsAsked || state == "" {
			continue
		}
		if account == "" {
			rows = append(rows, console.ToldRow{Text: i18n.T(ctx, toldWords[state].group, i18n.T(ctx, receiverWords[receiver])), At: s.At(at)})
			continue
		}
		mails[state]++
		when[state] = max(when[state], at)
	}
	for _, state := range []string{"waits", "given up", "failed", "sent"} {
		if n := mails[state]; n > 0 {
			rows = slices.Insert(rows, 0, console.ToldRow{Text: i18n.T(ctx, toldWords[state].mail, n), At: s.At(when[state])})
		}
	}
	return rows, nil
}

// stateOf is what became of news, and when, or when it is tried; "" where nobody
// needed it any more.
func stateOf(d models.Delivery) (state string, at int64) {
	switch {
	case d.SentAt > 0:
		return "sent", d.SentAt
	case d.GaveUpAt > 0 && d.LastError == alerts.NotNeeded:
		return "", 0
	case d.GaveUpAt > 0:
		return "given up", d.GaveUpAt
	case d.Attempts > 0:
		return "failed", d.DueAt
	}
	return "waits", d.DueAt
}
