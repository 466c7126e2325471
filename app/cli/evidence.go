package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"postern/app/approval"
	"postern/app/evidence"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

type evidenceCommand struct {
	Verify      verifyEvidenceCommand `cmd:"" help:"Verify the ledger from its first event on, without a gateway; says which event is wrong first."`
	Prove       proveEvidenceCommand  `cmd:"" help:"Print the proof that an event is in the ledger."`
	Consistency consistencyCommand    `cmd:"" help:"Print the proof that one checkpoint only had events added until it was another."`
	Check       checkProofCommand     `cmd:"" help:"Check a proof, without a gateway and without a database."`
	Keys        evidenceKeysCommand   `cmd:"" help:"Print the public keys that checkpoints are verified with."`
	Accept      acceptDatabaseCommand `cmd:"" help:"Tell this machine's anchor that the database is meant to be as it is, after a restore or a failover."`
}

// keyFile is where a command takes verifier keys from.
type keyFile struct {
	Keys string `type:"existingfile" placeholder:"FILE" help:"The public keys, as evidence keys prints them."`
}

func (c keyFile) read() (evidence.Keys, error) {
	text, err := os.ReadFile(c.Keys)
	if err != nil {
		return evidence.Keys{}, fmt.Errorf("--keys: %w", err)
	}
	keys, err := evidence.ParseKeys(string(text))
	if err != nil {
		return evidence.Keys{}, fmt.Errorf("--keys %s: %w", c.Keys, err)
	}
	return keys, nil
}

type verifyEvidenceCommand struct {
	settings
	keyFile
	Anchor string   `type:"existingfile" placeholder:"FILE" help:"The anchor file. Without it nobody can tell whether the newest events are missing."`
	Export []string `type:"existingfile" placeholder:"FILE" help:"What a feed has written, in the place of the database; several files in their order."`
}

// Run verifies, and prints what it found. It changes nothing.
func (c verifyEvidenceCommand) Run(i invocation) (err error) {
	var v evidence.Verification
	if c.Keys != "" {
		if v.Keys, err = c.read(); err != nil {
			return err
		}
	}
	if c.Anchor != "" {
		f, err := os.Open(c.Anchor)
		if err != nil {
			return err
		}
		defer f.Close()
		v.Anchor = f
	}
	if c.Keys == "" && c.Anchor == "" && len(c.Export) > 0 {
		return errors.New("an export proves nothing by itself: --anchor FILE, and better --keys FILE, too")
	}
	if len(c.Export) > 0 {
		v.Export = exportFiles(c.Export)
	} else {
		s, err := c.examined(i)
		if err != nil {
			return err
		}
		defer s.Close()
		if v.Store = s; c.Keys == "" && c.Anchor == "" {
			fmt.Fprintln(i.Err, "Neither --keys nor --anchor: the keys are those that the database itself names. Who can write it can make others.")
			if v.Keys, err = evidence.KeysOnRecord(i.ctx, s); err != nil {
				return err
			}
		}
	}
	done, err := v.Verify(i.ctx)
	printVerified(i.Out, done)
	return err
}

func printVerified(w io.Writer, done evidence.Verified) {
	fmt.Fprintf(w, "events       %d verified, from the first one on; %d more wait for the next checkpoint\n", done.Events, done.Waiting)
	fmt.Fprintf(w, "checkpoints  %d of the database verified, %d lines of the anchor; given up by a restore: %d lines\n", done.Checkpoints, done.Anchored, done.GivenUp)
	fmt.Fprintf(w, "root         %s\n", done.Root)
}

// exportFiles are files one behind the other.
func exportFiles(names []string) evidence.Export {
	return func() (io.ReadCloser, error) {
		var all multiFile
		var readers []io.Reader
		for _, name := range names {
			f, err := os.Open(name)
			if err != nil {
				return nil, errors.Join(err, all.Close())
			}
			all.files = append(all.files, f)
			readers = append(readers, f)
		}
		all.Reader = io.MultiReader(readers...)
		return all, nil
	}
}

type multiFile struct {
	io.Reader
	files []*os.File
}

// Close closes all of them.
func (m multiFile) Close() (err error) {
	for _, f := range m.files {
		err = errors.Join(err, f.Close())
	}
	return err
}

// examined opens the database for reading alone; a copy that nobody serves, too.
func (s settings) examined(i invocation) (*store.Store, error) {
	where, err := s.database(i)
	if err != nil {
		return nil, err
	}
	where.ReadOnly = true
	opened, err := store.Open(i.ctx, where)
	if err != nil {
		return nil, err
	}
	schema, err := opened.Schema(i.ctx)
	if err == nil {
		err = schema.Fits()
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

type proveEvidenceCommand struct {
	settings
	ID string `arg:"" help:"The event's id, as the issuance log has it."`
}

// Run prints a proof; it only looks.
func (c proveEvidenceCommand) Run(i invocation) error {
	s, err := c.examined(i)
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := evidence.ProveEvent(i.ctx, s, c.ID)
	if err != nil {
		return err
	}
	return printProof(i.Out, p)
}

func printProof(w io.Writer, p evidence.Proof) error {
	file, err := p.File()
	if err != nil {
		return err
	}
	_, err = w.Write(file)
	return err
}

type consistencyCommand struct {
	settings
	Older int64 `arg:"" help:"How many events the smaller checkpoint has."`
	Newer int64 `arg:"" optional:"" help:"How many the larger one has; without it the newest."`
}

// Run prints a proof; it only looks.
func (c consistencyCommand) Run(i invocation) error {
	s, err := c.examined(i)
	if err != nil {
		return err
	}
	defer s.Close()
	if c.Newer == 0 {
		newest, _, err := s.NewestCheckpoint(i.ctx)
		if err != nil {
			return err
		}
		c.Newer = newest.Size
	}
	p, err := evidence.ProveConsistency(i.ctx, s, c.Older, c.Newer)
	if err != nil {
		return err
	}
	return printProof(i.Out, p)
}

type checkProofCommand struct {
	File string `arg:"" type:"existingfile" help:"The proof, or a checkpoint."`
	Keys string `required:"" type:"existingfile" placeholder:"FILE" help:"The public keys, as evidence keys prints them."`
}

// maxProof is longer than any proof, octets.
const maxProof = 1 << 20

// Run checks a proof or a checkpoint, and says what it proves.
func (c checkProofCommand) Run(i invocation) error {
	keys, err := keyFile{c.Keys}.read()
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxProof))
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) { // a signed note
		of, err := keys.Open(string(text))
		if err != nil {
			return err
		}
		fmt.Fprintf(i.Out, "This is a checkpoint of the %d events of %s, signed at %s.\n", of.Size, of.Origin, of.At.UTC().Format(proofTime))
		return nil
	}
	p, err := evidence.ReadProof(text)
	if err != nil {
		return err
	}
	done, err := p.Check(keys)
	if err != nil {
		return err
	}
	of := done.Checkpoint
	if p.Kind == evidence.InclusionProof {
		fmt.Fprintf(i.Out, "This is event %d of %s, as it stood when a checkpoint of %d events was signed at %s:\n%s\n",
			p.Seq, of.Origin, of.Size, of.At.UTC().Format(proofTime), p.Event)
		return nil
	}
	fmt.Fprintf(i.Out, "The %d events of %s, signed at %s, are the first of the %d signed at %s.\n",
		done.Older.Size, of.Origin, done.Older.At.UTC().Format(proofTime), of.Size, of.At.UTC().Format(proofTime))
	return nil
}

const proofTime = "2006-01-02 15:04:05 UTC"

type evidenceKeysCommand struct {
	settings
}

// Run prints the keys. Those that the master key opens are made of their private
// parts; of retired ones there is only what the database says.
func (c evidenceKeysCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "issuer", "master_key", "other_master_key")
	if err != nil {
		return err
	}
	defer s.Close()
	masters, faults := masterKeys(configured)
	if err := faults.Err(); err != nil {
		return err
	}
	ring, err := keyring.Load(i.ctx, keyring.Options{Store: s, Master: masters[0], Other: masters[1], Lives: configured.Keys, Now: i.Now, Rand: i.Rand})
	if err != nil {
		return err
	}
	rows, err := s.Keys(i.ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Use != models.EvidenceKey {
			continue
		}
		public, found, err := ring.EvidencePublic(i.ctx, row.KID)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		line, err := evidence.VerifierKey(evidence.Origin(configured.Issuer), public)
		if err != nil {
			return err
		}
		until := ""
		if row.ActiveUntil != 0 {
			until = ", to " + clockTime(row.ActiveUntil, configured.Zone)
		}
		if row.RetiredAt != 0 {
			until += "; retired, so that this is the database's own word: compare it with the anchor"
		}
		fmt.Fprintf(i.Out, "# key %s, signs from %s%s\n%s\n", row.KID, clockTime(row.ActiveFrom, configured.Zone), until, line)
	}
	return nil
}

type acceptDatabaseCommand struct {
	settings
	Yes bool `help:"Do it, knowing what it means."`
}

// Run tells the anchor, and the ledger that it was told.
func (c acceptDatabaseCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "zone", "evidence")
	if err != nil {
		return err
	}
	defer s.Close()
	path := configured.Evidence.Anchor
	if path == "" {
		return errors.New("no anchor is configured here: evidence.anchor")
	}
	size, err := s.TreeSize(i.ctx)
	if err != nil {
		return err
	}
	restored, err := s.RestoredAt(i.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(i.Out, "anchor    %s\ndatabase  %d events in the tree; last restored: %s\n", path, size, clockTime(restored, configured.Zone))
	if !c.Yes {
		fmt.Fprintln(i.Out, "What the anchor knows beyond this database counts as given up.")
		return errNothingChanged
	}
	event, err := ledger.Make(ledger.Event{
		Kind: "evidence.accepted", Outcome: "ok", Alarm: true, Actor: approval.CommandLine, From: ledger.OriginOf(i.ctx),
		Detail: map[string]string{"by": "cli", "user": operator(), "size": fmt.Sprint(size)},
	}, i.Now(), i.Rand)
	if err != nil {
		return err
	}
	if err := s.Write(i.ctx, func(tx *store.Tx) error { return tx.AppendEvent(event) }); err != nil {
		return err
	}
	if err := evidence.Accept(i.ctx, s, path, "accept "+operator(), i.Now()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(i.Out, "The anchor vouches for this database from now on; the node notices within a minute.")
	return err
}
