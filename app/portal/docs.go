package portal

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"postern/app/errs"
	"postern/app/web"
	"postern/docs"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

const docsPath = homePath + "/docs"

// papers are the pages of docs/ that partners read, by their words in the address.
var papers = []struct {
	word string
	name i18n.Key
}{{"partners", i18n.DocsPartners}, {"protocol", i18n.DocsProtocol}, {"sdk", i18n.DocsSDK}, {"first-visit", i18n.DocsFirst}}

var errNoPaper = errs.New(errs.NotFound, "no_page", "There is no such page.")

// paper is a page that was drawn: it does not change while the gateway runs.
type paper struct {
	lang     i18n.Lang
	html     string
	sections []portal.DocsSection
}

// drawnPapers are all pages by their words in the address, in each language in which they
// are. They are the gateway's own, and the renderer leaves raw HTML out.
var drawnPapers = sync.OnceValues(func() (map[string]map[i18n.Lang]paper, error) {
	// Alignment by an attribute: the pages' CSP lets no style stand in a tag.
	tables := extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))
	markdown := goldmark.New(goldmark.WithExtensions(tables, extension.Strikethrough), goldmark.WithParserOptions(
		parser.WithAutoHeadingID(), parser.WithASTTransformers(util.Prioritized(inHouse{}, 100)),
	))
	all := map[string]map[i18n.Lang]paper{}
	for _, p := range papers {
		all[p.word] = map[i18n.Lang]paper{}
		for lang, file := range map[i18n.Lang]string{i18n.English: p.word + ".md", i18n.Chinese: p.word + ".zh-CN.md"} {
			source, err := docs.Pages.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) && lang != i18n.English {
				continue
			}
			if err != nil {
				return nil, err
			}
			root := markdown.Parser().Parse(text.NewReader(source))
			var out bytes.Buffer
			if err := markdown.Renderer().Render(&out, source, root); err != nil {
				return nil, err
			}
			all[p.word][lang] = paper{lang, scrolled.Replace(out.String()), sectionsOf(root, source)}
		}
	}
	return all, nil
})

// scrolled lets what is wider than a phone be scrolled by keys as well, and has no heading
// of a column be empty; in the text itself
// the renderer has written every < as an entity.
var scrolled = strings.NewReplacer("<pre>", `<pre tabindex="0">`, "<table>", `<table tabindex="0">`, "<th></th>", "<td></td>")

// inHouse makes a page of docs/ one of the portal: links between them lead to each other
// there, links to what partners do not see are words, and drawings, which need a program
// of another's, are left out.
type inHouse struct{}

// Transform changes the tree in place.
func (inHouse) Transform(root *ast.Document, reader text.Reader, _ parser.Context) {
	var links []*ast.Link
	var drawings []ast.Node
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // no step of it fails
		switch node := n.(type) {
		case *ast.Link:
			if entering {
				links = append(links, node)
			}
		case *ast.FencedCodeBlock:
			if entering && string(node.Language(reader.Source())) == "mermaid" {
				drawings = append(drawings, node)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, d := range drawings {
		d.Parent().RemoveChild(d.Parent(), d)
	}
	for _, l := range links {
		to, leads := leadsTo(string(l.Destination))
		if leads {
			l.Destination = []byte(to)
			continue
		}
		for child := l.FirstChild(); child != nil; child = l.FirstChild() {
			l.Parent().InsertBefore(l.Parent(), l, child)
		}
		l.Parent().RemoveChild(l.Parent(), l)
	}
}

// leadsTo is where a link of docs/ leads in the portal.
func leadsTo(link string) (to string, leads bool) {
	file, part, _ := strings.Cut(link, "#")
	if part != "" {
		part = "#" + part
	}
	if file == "" || strings.HasPrefix(file, "https://") {
		return link, true
	}
	for _, p := range papers {
		if path.Clean(file) == p.word+".md" {
			return docsPath + "/" + p.word + part, true
		}
	}
	return "", false
}

// sectionsOf are the headings of the second level.
func sectionsOf(root ast.Node, source []byte) (list []portal.DocsSection) {
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Level != 2 {
			continue
		}
		id, _ := h.AttributeString("id")
		name, _ := id.([]byte)
		var words strings.Builder
		for child := h.FirstChild(); child != nil; child = child.NextSibling() {
			if t, ok := child.(*ast.Text); ok {
				words.Write(t.Segment.Value(source))
			} else {
				for deep := child.FirstChild(); deep != nil; deep = deep.NextSibling() {
					if t, ok := deep.(*ast.Text); ok {
						words.Write(t.Segment.Value(source))
					}
				}
			}
		}
		list = append(list, portal.DocsSection{Text: words.String(), Href: "#" + string(name)})
	}
	return list
}

// Docs shows a page of docs/: the first without a word in the address.
func (p *Portal) Docs(c *gin.Context) error {
	all, err := drawnPapers()
	if err != nil {
		return err
	}
	word := c.Param("page")
	if word == "" {
		word = papers[0].word
	}
	ctx := c.Request.Context()
	languages, found := all[word]
	if !found {
		return errNoPaper
	}
	chosen, found := languages[i18n.From(ctx)]
	if !found {
		chosen = languages[i18n.English]
	}
	page := portal.DocsPage{Frame: p.frame(c, i18n.T(ctx, i18n.Docs)), Lang: chosen.lang, HTML: chosen.html, Sections: chosen.sections}
	for _, other := range papers {
		page.Tabs = append(page.Tabs, ui.Tab{Text: i18n.T(ctx, other.name), Href: docsPath + "/" + other.word, Current: other.word == word})
	}
	return web.Render(c, http.StatusOK, portal.Docs(page))
}
