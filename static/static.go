// Package static embeds what browsers fetch beside pages (style sheets,
// scripts, images, one folder per area) and serves it under addresses that
// change with the content, so that it may be cached for ever.
//
// It does not own the H5 SDK, whose address is part of the protocol (static/sdk).
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
)

// What other people wrote is listed, with version, licence and hash, in
// vendored.json; the icons of ui/icons.svg are drawn from the folder icons.
//
//go:embed demo ui vendor
var files embed.FS

// Prefix is the path below which Handler answers.
const Prefix = "/static/"

// folderHash is the hash of everything in one top-level folder. A folder has
// one hash, not each file its own, so that a style sheet or module may name its
// neighbours by relative addresses.
var folderHash = sync.OnceValue(func() map[string]string {
	hashes := map[string]string{}
	folders, err := files.ReadDir(".")
	if err != nil {
		return hashes // nothing is embedded; every address is unknown
	}
	for _, folder := range folders {
		if hash, err := hashFolder(folder.Name()); err == nil {
			hashes[folder.Name()] = hash
		}
	}
	return hashes
})

func hashFolder(folder string) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s\n%d\n", path, len(content))
		_, err = sum.Write(content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("hash folder %s: %w", folder, err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12], nil
}

// URL is the address of a file named "folder/name", such as "demo/shell.css":
// "/static/demo/<hash>/shell.css". A file that does not exist gets an address
// that answers 404; a test asks for every address the views use.
func URL(name string) string {
	folder, rest, _ := strings.Cut(name, "/")
	return Prefix + folder + "/" + folderHash()[folder] + "/" + rest
}

// Handler serves the addresses that URL makes. Another hash than today's is
// 404: a page of a previous release must not mix with this one's files.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		folder, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
		hash, name, _ := strings.Cut(rest, "/")
		if hash == "" || hash != folderHash()[folder] {
			http.NotFound(w, r)
			return
		}
		if servePacked(w, r, folder+"/"+name) {
			return
		}
		file, err := files.Open(folder + "/" + name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer file.Close()
		serve(w, r, name, file)
	})
}

func serve(w http.ResponseWriter, r *http.Request, name string, file fs.File) {
	info, err := file.Stat()
	content, seekable := file.(io.ReadSeeker)
	if err != nil || info.IsDir() || !seekable {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, name, info.ModTime(), content)
}
