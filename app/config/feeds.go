package config

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"

	"github.com/goccy/go-yaml/ast"
)

// maxFeeds is more than a bank has receivers; each costs a goroutine and reads.
const maxFeeds = 8

// feedName is what a metric's label and a command line take as it is.
var feedName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// feeds reads the list of feeds: each item is a section of its own, whose
// settings are known from then on.
func (r fileReader) feeds(n ast.Node) {
	if n.Type() == ast.NullType {
		return
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fault(feedsKey, r.line(n), "want a list")
		return
	}
	if len(list.Values) > maxFeeds {
		r.fault(feedsKey, r.line(n), "has %d feeds; want %d at most", len(list.Values), maxFeeds)
		return
	}
	r.config.Feeds = make([]Feed, len(list.Values)) // before any is walked: settings point into it
	for i, item := range list.Values {
		r.settings = append(r.settings, feedSettings(&r.config, i)...)
		r.section(item, fmt.Sprintf("%s[%d].", feedsKey, i))
	}
}

// checkFeeds holds each feed against what a feed is, and against the others.
func (l *loader) checkFeeds(feeds []Feed) {
	names, paths := map[string]bool{}, map[string]bool{}
	for i, f := range feeds {
		key := fmt.Sprintf("%s[%d]", feedsKey, i)
		switch {
		case f.Name == "": // said as missing
		case !feedName.MatchString(f.Name):
			l.wrong(key+".name", "want up to 32 small letters, digits and dashes, have %q", f.Name)
		case names[f.Name]:
			l.wrong(key+".name", "another feed has the name %s", f.Name)
		}
		names[f.Name] = true
		switch path := filepath.Clean(f.File.Path); {
		case (f.File == FeedFile{}) == (f.Syslog == FeedSyslog{}):
			l.fault(key, "", "want either file.path or syslog.address")
		case f.File == FeedFile{}:
			l.checkSyslog(key+".syslog", f.Syslog)
		case paths[path]:
			l.wrong(key+".file.path", "another feed writes %s", f.File.Path)
		default:
			paths[path] = true
		}
	}
}

func (l *loader) checkSyslog(key string, c FeedSyslog) {
	if host, port, err := net.SplitHostPort(c.Address); err != nil || host == "" || port == "" {
		l.wrong(key+".address", "want host:port, have %q", c.Address)
	}
	l.checkPair(key, c.Cert, c.Key)
}
