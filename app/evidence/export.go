package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// exported is a line of a feed's file (app/feeds/line.go).
type exported struct {
	Seq      int64           `json:"seq"`
	Epoch    int64           `json:"epoch"`
	LeafHash string          `json:"leaf_hash"`
	Event    json.RawMessage `json:"event"`
}

// maxExported is longer than any event, octets.
const maxExported = 1 << 20

// lines reads the lines of an export. A last one without its end is still being written.
func (x Export) lines(each func(exported) error) error {
	f, err := x()
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(f, maxExported)
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return errors.Join(fmt.Errorf("line %d: %w", n, errExport), f.Close())
		}
		if err != nil {
			return f.Close() // the end
		}
		var l exported
		if json.Unmarshal(line, &l) != nil || l.Seq < 1 {
			return errors.Join(fmt.Errorf("line %d: %w", n, errExport), f.Close())
		}
		l.Event = bytes.Clone(l.Event)
		if err := each(l); err != nil {
			return errors.Join(err, f.Close())
		}
	}
}
