// Command gen writes docs/configuration.md from the settings and their
// comments. Run it in the folder of package config: go generate ./app/config.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"postern/app/config"
)

func main() {
	page, err := render("config.go", "alerts.go")
	if err == nil {
		err = os.WriteFile(filepath.Join("..", "..", "docs", "configuration.md"), []byte(page), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

const head = `# Configuration

<!-- Written by go generate ./app/config; change the comments in app/config/config.go instead. -->

` + "`postern serve`" + ` reads a YAML file (` + "`--config FILE` or `POSTERN_CONFIG`" + `), then the environment, then its flags; the later
one wins. Nothing but the issuer and the master key must be set. Every fault is reported at once, with its key and where it stands, and nothing
starts; an unknown key in the file is a fault, an unknown variable is not.

` + "```yaml" + `
issuer: https://gateway.bank.example
master_key_file: /run/secrets/postern-master-key
listeners:
  gateway:
    address: 0.0.0.0:443
    tls: {cert: /etc/postern/tls.crt, key: /etc/postern/tls.key}
  internal:
    address: 10.0.4.17:8081
    trusted_proxies: [10.0.4.2, 10.0.4.3]
` + "```" + `

- **Secrets** can stand in a file of their own that only its owner may read, or that systemd hands over as a credential: the key or variable with ` + "`_file` or `_FILE`" + ` at its end names that file.
  They print as ` + "`[redacted]`" + `, in the log as elsewhere.
- **Durations** are written ` + "`500ms`, `30s`, `2m`" + `. **Lists** are YAML lists; in the environment they are separated by commas.
- Relative paths begin where the process was started.
- **The console** can change ` + "`retention` and `alerts.rules`" + ` while gateways run, where neither file nor environment nor flags say anything; two persons
  do it together ([console.md](console.md)).
- At start every setting that holds is logged, as ` + "`configuration read`" + `.
- **Certificates** are taken up anew within a second of being replaced, or at once on SIGHUP. A pair that cannot be read, or whose halves do
  not fit together, is logged, and the one before stays.
`

// render writes the page from the settings and the comments in sources.
func render(sources ...string) (string, error) {
	comments := map[string]string{}
	for _, source := range sources {
		found, err := readComments(source)
		if err != nil {
			return "", err
		}
		maps.Copy(comments, found)
	}
	var b strings.Builder
	b.WriteString(head)
	group := "none yet"
	for _, s := range slices.Concat(config.Settings(), config.FeedSettings()) {
		if g := groupOf(s); g != group {
			group = g
			b.WriteString(heading(s, g, comments))
		}
		row, err := row(s, comments)
		if err != nil {
			return "", err
		}
		b.WriteString(row)
	}
	return b.String(), nil
}

// groupOf is the first part of a key that has several; else empty.
func groupOf(s config.Setting) string {
	group, _, found := strings.Cut(s.Key, ".")
	if !found {
		return ""
	}
	return strings.TrimSuffix(group, "[]")
}

func heading(s config.Setting, group string, comments map[string]string) string {
	title, text := "The gateway", ""
	if group != "" {
		title = strings.ToUpper(group[:1]) + group[1:]
		owner, _, _ := strings.Cut(s.Fields[1], ".") // of the section's first setting
		text = "\n" + comments[owner] + "\n"
	}
	return "\n## " + title + "\n" + text + "\n| key | variable | type | default | meaning |\n|---|---|---|---|---|\n"
}

func row(s config.Setting, comments map[string]string) (string, error) {
	var meaning []string
	for i, field := range s.Fields {
		text := comments[field]
		if text == "" && i == len(s.Fields)-1 {
			return "", fmt.Errorf("%s has no comment", field)
		}
		if text != "" {
			meaning = append(meaning, text)
		}
	}
	if s.Bounds() != "" {
		meaning = append(meaning, "From "+s.Bounds()+".")
	}
	variable, standard := "`"+s.Variable()+"`", "`"+s.Default()+"`"
	switch {
	case s.Required != "":
		standard = "**required**; " + s.Required
	case s.Default() == "":
		standard = "none"
	}
	if s.Listed {
		return fmt.Sprintf("| `%s` | none | %s | %s | %s |\n", s.Key, s.Type(), standard, strings.Join(meaning, " ")), nil
	}
	if s.Secret() {
		variable += ", `" + s.FileVariable() + "`"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", s.Key, variable, s.Type(), standard, strings.Join(meaning, " ")), nil
}

// readComments returns the comments of a file's types, and of their fields
// under Type.Field, each on one line.
func readComments(source string) (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	comments := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		declaration, ok := n.(*ast.GenDecl)
		if !ok || declaration.Tok != token.TYPE {
			return true
		}
		for _, spec := range declaration.Specs {
			spec := spec.(*ast.TypeSpec) // what a declaration of types holds
			comments[spec.Name.Name] = oneLine(declaration.Doc)
			if structure, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range structure.Fields.List {
					for _, name := range field.Names {
						comments[spec.Name.Name+"."+name.Name] = oneLine(field.Doc)
					}
				}
			}
		}
		return false
	})
	return comments, nil
}

func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
