-- +goose Up

-- All of this is safe beside gateways of the release before: the tables are new
-- and empty, and the one column that is added has a default.

-- A human being. Maker and checker are persons: somebody with two accounts is
-- one of them.
CREATE TABLE persons (
    id         TEXT PRIMARY KEY,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id            TEXT PRIMARY KEY,
    realm         TEXT   NOT NULL CHECK (realm IN ('staff', 'portal')),
    person_id     TEXT   NOT NULL REFERENCES persons (id),
    login         TEXT   NOT NULL, -- folded: two spellings of one login are one login
    name          TEXT   NOT NULL,
    status        TEXT   NOT NULL CHECK (status IN ('invited', 'active', 'disabled')),
    password_hash TEXT   NOT NULL DEFAULT '',
    password_at   BIGINT NOT NULL DEFAULT 0,
    failures      BIGINT NOT NULL DEFAULT 0,
    locked_until  BIGINT NOT NULL DEFAULT 0,
    language      TEXT   NOT NULL DEFAULT '',
    theme         TEXT   NOT NULL DEFAULT '',
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    UNIQUE (realm, login),
    UNIQUE (id, person_id)
);
CREATE INDEX accounts_by_person ON accounts (person_id);

CREATE TABLE staff_roles (
    account_id TEXT   NOT NULL,
    person_id  TEXT   NOT NULL,
    role       TEXT   NOT NULL CHECK (role IN ('system', 'security', 'audit', 'officer', 'reviewer', 'support')),
    given_by   TEXT   NOT NULL,
    given_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, role),
    FOREIGN KEY (account_id, person_id) REFERENCES accounts (id, person_id)
);
-- The three administrators exclude each other, over all accounts of a person.
CREATE UNIQUE INDEX staff_roles_administrators ON staff_roles (person_id) WHERE role IN ('system', 'security', 'audit');

CREATE TABLE factors (
    id         TEXT PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('totp', 'passkey', 'oidc')),
    name       TEXT   NOT NULL DEFAULT '',
    sealed     TEXT   NOT NULL DEFAULT '', -- a TOTP's seed
    external   TEXT   NOT NULL DEFAULT '', -- a passkey's credential id; an issuer and its sub
    public     TEXT   NOT NULL DEFAULT '', -- a passkey's public record
    step       BIGINT NOT NULL DEFAULT 0,  -- the last TOTP step that was used
    confirmed  BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX factors_by_account ON factors (account_id);
CREATE UNIQUE INDEX factors_by_external ON factors (kind, external) WHERE external <> '';

CREATE TABLE recovery_codes (
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    hash       TEXT   NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, hash)
) WITHOUT ROWID;

-- A session is known by the hash of its cookie, and listed by its id.
CREATE TABLE sessions (
    id          TEXT PRIMARY KEY,
    hash        TEXT   NOT NULL UNIQUE,
    account_id  TEXT   NOT NULL REFERENCES accounts (id),
    stage       TEXT   NOT NULL CHECK (stage IN ('second', 'enrol', 'full')),
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    verified_at BIGINT NOT NULL DEFAULT 0,
    address     TEXT   NOT NULL DEFAULT '',
    agent       TEXT   NOT NULL DEFAULT '',
    ended_at    BIGINT NOT NULL DEFAULT 0,
    end_reason  TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX sessions_by_account ON sessions (account_id, created_at);
CREATE INDEX sessions_by_end ON sessions (ends_at);

-- One-time links, by which somebody sets a password and a second factor.
CREATE TABLE setup_links (
    hash       TEXT PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    made_at    BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX setup_links_by_account ON setup_links (account_id);
CREATE INDEX setup_links_by_end ON setup_links (ends_at);

-- What was asked of a browser and is not answered yet: a passkey's challenge, a
-- sign-on elsewhere. Each is taken once.
CREATE TABLE challenges (
    hash       TEXT PRIMARY KEY,
    kind       TEXT   NOT NULL,
    account_id TEXT   NOT NULL DEFAULT '',
    content    TEXT   NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX challenges_by_end ON challenges (ends_at);

-- Who caused an event, where a person did: the staff's activity is this column's
-- rows of the ledger.
ALTER TABLE events ADD COLUMN actor TEXT NOT NULL DEFAULT '';
CREATE INDEX events_by_actor ON events (actor, at) WHERE actor <> '';
CREATE INDEX events_of_persons ON events (at) WHERE actor <> '';
