-- +goose Up

-- The tree over the events (docs/decisions/0036).

-- One more use of keys. The table is made anew, for the check says more; it holds a
-- few dozen rows.
CREATE TABLE keys_new (
    kid            TEXT PRIMARY KEY,
    use            TEXT   NOT NULL CHECK (use IN ('ak', 'sig', 'ticket', 'subject', 'evidence')),
    suite          TEXT   NOT NULL DEFAULT '',
    environment    TEXT   NOT NULL DEFAULT '',
    public_jwk     TEXT   NOT NULL DEFAULT '',
    sealed_private TEXT   NOT NULL,
    master_key_id  TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    active_from    BIGINT NOT NULL,
    active_until   BIGINT NOT NULL DEFAULT 0,
    retired_at     BIGINT NOT NULL DEFAULT 0
);
INSERT INTO keys_new (kid, use, suite, environment, public_jwk, sealed_private, master_key_id, created_at, active_from, active_until, retired_at)
    SELECT kid, use, suite, environment, public_jwk, sealed_private, master_key_id, created_at, active_from, active_until, retired_at FROM keys;
DROP TABLE keys;
ALTER TABLE keys_new RENAME TO keys;
CREATE INDEX keys_live ON keys (active_from) WHERE retired_at = 0;
CREATE INDEX keys_by_end ON keys (retired_at, kid) WHERE retired_at > 0;

-- How many events are in the tree: those up to this seq. One row, "events".
CREATE TABLE trees (
    name TEXT PRIMARY KEY,
    size BIGINT NOT NULL
) WITHOUT ROWID;

-- The hashes of the tree, 256 to a tile: those of level 0 are the leaves, each of
-- level n + 1 is the hash over one whole tile of level n. They outlive their events.
CREATE TABLE tree_tiles (
    level  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BLOB   NOT NULL, -- 32 octets each, in their order
    PRIMARY KEY (level, number)
);

-- What was signed of the tree. Never deleted.
CREATE TABLE checkpoints (
    size    INTEGER PRIMARY KEY, -- how many events it is of
    epoch   BIGINT NOT NULL,     -- when the database was last restored, Unix ms; 0 for never
    made_at BIGINT NOT NULL,     -- Unix ms
    root    TEXT   NOT NULL,     -- base64
    key_id  TEXT   NOT NULL,     -- which of the gateway's keys signed it
    note    TEXT   NOT NULL      -- the signed note itself
);

-- What each node last wrote down outside the database, and what it found when it
-- held the database against it. For who reads; the node decides by the file.
CREATE TABLE anchors (
    node       TEXT PRIMARY KEY,
    size       BIGINT NOT NULL DEFAULT 0,
    written_at BIGINT NOT NULL DEFAULT 0, -- Unix ms
    agreed_at  BIGINT NOT NULL DEFAULT 0, -- when both last agreed, Unix ms
    state      TEXT   NOT NULL CHECK (state IN ('agrees', 'differs', 'failed', 'none')),
    finding    TEXT   NOT NULL DEFAULT '', -- in which way it differs; a word of this program's
    problem    TEXT   NOT NULL DEFAULT ''
) WITHOUT ROWID;

-- How far rows, hashes and checkpoints were held against each other. One row, "events".
CREATE TABLE evidence_checks (
    name       TEXT PRIMARY KEY,
    position   BIGINT NOT NULL DEFAULT 0,  -- up to this seq, in the round that is under way
    hashes     BLOB   NOT NULL,            -- of the whole subtrees up to there, the largest first
    began_at   BIGINT NOT NULL DEFAULT 0,  -- of this round, Unix ms
    moved_at   BIGINT NOT NULL DEFAULT 0,  -- when the position last moved
    whole_at   BIGINT NOT NULL DEFAULT 0,  -- when a round last came to the end
    whole_size BIGINT NOT NULL DEFAULT 0,  -- and up to which seq
    fault_seq  BIGINT NOT NULL DEFAULT 0,  -- the first one that is wrong; 0 for none
    finding    TEXT   NOT NULL DEFAULT '', -- what sort of fault it is; a word of this program's
    fault      TEXT   NOT NULL DEFAULT '', -- what is wrong; empty for nothing
    fault_at   BIGINT NOT NULL DEFAULT 0   -- when it was found
) WITHOUT ROWID;
