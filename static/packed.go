package static

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// packed holds the text files in gzip, by name, made at the first request: the
// files never change while the program runs.
var packed = sync.OnceValue(func() map[string][]byte {
	made := map[string][]byte{}
	_ = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !packs(name) {
			return err
		}
		if content, err := files.ReadFile(name); err == nil {
			made[name] = pack(content)
		}
		return nil
	})
	return made
})

// packs tells text from what is compressed already, as fonts are.
func packs(name string) bool {
	switch path.Ext(name) {
	case ".css", ".js", ".svg":
		return true
	}
	return false
}

func pack(content []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for unknown levels only
	_, _ = w.Write(content)                               // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// servePacked answers with the file in gzip where there is one and the caller
// takes it; otherwise it has written nothing but Vary, and reports false.
func servePacked(w http.ResponseWriter, r *http.Request, name string) bool {
	content, ok := packed()[name]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Vary", "Accept-Encoding")
	if !takesGzip(r.Header.Get("Accept-Encoding")) {
		return false
	}
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(content) // a caller that has gone needs no answer
	}
	return true
}

// takesGzip reads Accept-Encoding (RFC 9110 section 12.5.3). A weight of zero
// is a refusal; "*" is not read, as no browser sends it alone.
func takesGzip(accepted string) bool {
	for entry := range strings.SplitSeq(accepted, ",") {
		coding, parameter, _ := strings.Cut(strings.ToLower(entry), ";")
		if strings.TrimSpace(coding) != "gzip" {
			continue
		}
		weight, found := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !found || err == nil && q > 0
	}
	return false
}
