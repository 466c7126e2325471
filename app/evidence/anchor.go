package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// An anchor is a file of JSON lines that is only ever appended to, in a place where
// who administers the database cannot write:
//
//	{"at":1764244800000,"node":"node-1","key":"gateway.bank.example/events+…","checkpoint":"…"}
//	{"at":1764244800000,"by":"restore, root","begins":{"epoch":1764244800000,"size":1200,"root":"…"}}
//
// The second kind says that the database was put back to an older state on purpose,
// and what it held then: checkpoints of more events, above it, no longer hold.
type anchorLine struct {
	At         int64   `json:"at"` // Unix ms
	Node       string  `json:"node,omitempty"`
	By         string  `json:"by,omitempty"`
	Key        string  `json:"key,omitempty"` // verifier key of who signed the checkpoint
	Checkpoint string  `json:"checkpoint,omitempty"`
	Begins     *Begins `json:"begins,omitempty"`
}

// Begins is where a new epoch begins: what was in the tree, and when the database
// was restored.
type Begins struct {
	Epoch int64     `json:"epoch"` // Unix ms; 0 for never
	Size  int64     `json:"size"`
	Root  tlog.Hash `json:"root"`
}

// state is what an anchor says of how the database must be: at least so many events,
// with that root over them, in that epoch.
type state struct {
	Begins
	at    int64 // when it was written, Unix ms
	found bool  // false where the anchor says nothing yet
}

// anchor is such a file. A node's file is written by its one keeper.
type anchor struct{ path string }

// maxLine is longer than any line: a checkpoint has some hundred octets.
const maxLine = 64 << 10

// errLine says that a whole line is nothing that this program wrote.
var errLine = errors.New("a line of the anchor is not one of ours")

// newest reads the last thing that the anchor says. A last line without its end is
// one that a crash has cut off; it was never relied upon.
func (a anchor) newest() (s state, err error) {
	f, err := os.Open(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, nil
	}
	if err != nil {
		return state{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return state{}, err
	}
	from := max(0, info.Size()-2*maxLine)
	tail := make([]byte, info.Size()-from)
	if _, err := io.ReadFull(io.NewSectionReader(f, from, int64(len(tail))), tail); err != nil {
		return state{}, err
	}
	lines := bytes.Split(tail, []byte{'\n'})
	lines = lines[:len(lines)-1] // what has no end
	if from > 0 {
		lines = lines[1:] // what has no beginning
	}
	for i := len(lines) - 1; i >= 0; i-- {
		if s, err = stateOf(lines[i]); err == nil || !errors.Is(err, errTorn) {
			return s, err
		}
	}
	return state{}, nil
}

// errTorn marks a line that append ended for one that a crash has cut off.
var errTorn = errors.New("a line that was cut off")

// tornMark ends a line that was cut off: no line of ours ends like this.
const tornMark = " #cut off"

func parseLine(line []byte) (l anchorLine, err error) {
	if bytes.HasSuffix(line, []byte(tornMark)) || len(line) == 0 {
		return l, errTorn
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || (l.Checkpoint == "") == (l.Begins == nil) {
		return l, errLine
	}
	return l, nil
}

// stateOf reads a line of a file that is trusted: signatures are who examines to look at.
func stateOf(line []byte) (state, error) {
	l, err := parseLine(line)
	if err != nil {
		return state{}, err
	}
	if l.Begins != nil {
		return state{*l.Begins, l.At, true}, nil
	}
	c, err := unverified(l.Checkpoint)
	if err != nil {
		return state{}, errLine
	}
	return state{Begins{c.Epoch, c.Size, c.Root}, l.At, true}, nil
}

// append writes a line behind the others and returns once it is on disk. It only
// appends, so that the file may be one that allows nothing else (chattr +a).
func (a anchor) append(l anchorLine) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	return errors.Join(appendTo(f, append(text, '\n')), f.Close(), syncFolder(filepath.Dir(a.path)))
}

func appendTo(f *os.File, line []byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file")
	}
	if size := info.Size(); size > 0 {
		var last [1]byte
		if _, err := f.ReadAt(last[:], size-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = append([]byte(tornMark+"\n"), line...)
		}
	}
	if _, err := f.Write(line); err != nil {
		return err
	}
	return f.Sync()
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// history is all that an anchor says of the database as it must be now, in the order
// of sizes, and the keys that it names.
type history struct {
	list    []vouched
	keys    []string // verifier keys, in the order of their first use
	dropped int      // checkpoints that a restore has given up
}

// read reads an anchor from its beginning.
func readAnchor(r io.Reader) (h history, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	known := map[string]bool{}
	for n := 1; lines.Scan(); n++ {
		l, err := parseLine(lines.Bytes())
		if errors.Is(err, errTorn) {
			continue
		}
		if err != nil {
			return h, fmt.Errorf("line %d: %w", n, err)
		}
		if err := h.take(l, n); err != nil {
			return h, fmt.Errorf("line %d: %w", n, err)
		}
		if l.Key != "" && !known[l.Key] {
			known[l.Key] = true
			h.keys = append(h.keys, l.Key)
		}
	}
	return h, lines.Err()
}

func (h *history) take(l anchorLine, n int) error {
	v := vouched{by: fmt.Sprintf("anchor, line %d,", n), note: l.Checkpoint, found: Contradict}
	if l.Begins != nil {
		for len(h.list) > 0 && h.list[len(h.list)-1].size > l.Begins.Size {
			h.list = h.list[:len(h.list)-1]
			h.dropped++
		}
		v.size, v.root = l.Begins.Size, l.Begins.Root
	} else {
		c, err := unverified(l.Checkpoint)
		if err != nil {
			return errLine
		}
		v.size, v.root = c.Size, c.Root
	}
	if len(h.list) > 0 && h.list[len(h.list)-1].size > v.size {
		return errors.New("it has fewer events than the line before, and nothing says that the database was restored")
	}
	h.list = append(h.list, v)
	return nil
}

// source hands over all of it at once: it is in memory.
func (h *history) source() ([]vouched, error) {
	list := h.list
	h.list = nil
	return list, nil
}
