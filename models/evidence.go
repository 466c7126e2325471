package models

// Tile is a row of the tree over the events: up to 256 hashes of 32 octets, those
// that begin at number*256 on a level. On level 0 they are the events' leaf hashes,
// on each level above the hashes over whole tiles of the one below (tile height 8 of
// golang.org/x/mod/sumdb/tlog).
type Tile struct {
	Level, Number int64
	Hashes        []byte
}

// TableName keeps gorm from guessing.
func (Tile) TableName() string { return "tree_tiles" }

// Checkpoint is what was signed of the tree at one size. Note is the truth, a C2SP
// signed note; the other columns repeat parts of it for search.
type Checkpoint struct {
	Size   int64  `gorm:"primaryKey"` // how many events it is of: those with a seq up to it
	Epoch  int64  // when the database was last restored, Unix ms; 0 for never
	MadeAt int64  // Unix ms
	Root   string // RFC 6962 tree hash, base64
	KeyID  string // which of the gateway's keys signed it
	Note   string
}

// AnchorState is what a node found when it held the database against its anchor.
type AnchorState string

// The states of an anchor.
const (
	AnchorAgrees  AnchorState = "agrees"
	AnchorDiffers AnchorState = "differs" // the database is not the one that the anchor vouches for
	AnchorFailed  AnchorState = "failed"  // it could not be read or written
	AnchorNone    AnchorState = "none"    // none is configured on the node
)

// Anchor is what a node last told of its anchor, a file outside the database.
type Anchor struct {
	Node      string `gorm:"primaryKey"`
	Size      int64  // of the newest checkpoint in it
	WrittenAt int64  // of that one, Unix ms
	AgreedAt  int64  // when both last agreed, Unix ms; 0 for never
	State     AnchorState
	Finding   string // in which way it differs: evidence.Shorter and so on
	Problem   string // what is wrong; empty for nothing
}

// EvidenceCheck is how far rows, hashes and checkpoints were held against each
// other, from the first event on and then again.
type EvidenceCheck struct {
	Name      string `gorm:"primaryKey"`
	Position  int64  // up to this seq in the round that is under way
	Hashes    []byte // of the whole subtrees up to there, the largest first, 32 octets each
	BeganAt   int64  // of this round, Unix ms
	MovedAt   int64  // when the position last moved
	WholeAt   int64  // when a round last came to the end; 0 for never
	WholeSize int64  // and up to which seq
	FaultSeq  int64  // the first one that is wrong; 0 where no seq can be named
	Finding   string // what sort of fault it is: evidence.Removed and so on
	Fault     string // what is wrong; empty for nothing
	FaultAt   int64
}
