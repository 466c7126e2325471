-- +goose Up

-- The tree over the events (docs/decisions/0036). Safe beside gateways of the release
-- before: they know none of the tables, open a key of this use as any other pair, and
-- ask for none.

-- One more use of keys.
ALTER TABLE keys
    DROP CONSTRAINT IF EXISTS keys_use_check,
    ADD CONSTRAINT keys_use_check CHECK (use IN ('ak', 'sig', 'ticket', 'subject', 'evidence'));

-- How many events are in the tree: those up to this seq. One row, "events".
CREATE TABLE trees (
    name TEXT PRIMARY KEY,
    size BIGINT NOT NULL
);

-- The hashes of the tree, 256 to a tile: those of level 0 are the leaves, each of
-- level n + 1 is the hash over one whole tile of level n. They outlive their events.
CREATE TABLE tree_tiles (
    level  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BYTEA  NOT NULL, -- 32 octets each, in their order
    PRIMARY KEY (level, number)
);

-- What was signed of the tree. Never deleted.
CREATE TABLE checkpoints (
    size    BIGINT PRIMARY KEY,  -- how many events it is of
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
);

-- How far rows, hashes and checkpoints were held against each other. One row, "events".
CREATE TABLE evidence_checks (
    name       TEXT PRIMARY KEY,
    position   BIGINT NOT NULL DEFAULT 0,  -- up to this seq, in the round that is under way
    hashes     BYTEA  NOT NULL,            -- of the whole subtrees up to there, the largest first
    began_at   BIGINT NOT NULL DEFAULT 0,  -- of this round, Unix ms
    moved_at   BIGINT NOT NULL DEFAULT 0,  -- when the position last moved
    whole_at   BIGINT NOT NULL DEFAULT 0,  -- when a round last came to the end
    whole_size BIGINT NOT NULL DEFAULT 0,  -- and up to which seq
    fault_seq  BIGINT NOT NULL DEFAULT 0,  -- the first one that is wrong; 0 for none
    finding    TEXT   NOT NULL DEFAULT '', -- what sort of fault it is; a word of this program's
    fault      TEXT   NOT NULL DEFAULT '', -- what is wrong; empty for nothing
    fault_at   BIGINT NOT NULL DEFAULT 0   -- when it was found
);
