-- +goose Up

-- Safe beside gateways of the release before: the tables are new and empty.

-- What somebody has asked to change and another person decides. content is the
-- canonical octets of the change and plan what it would change, both as text: a
-- binary form would reorder members, and the hashes over them would not hold.
CREATE TABLE change_requests (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    kind           TEXT   NOT NULL,
    subject        TEXT   NOT NULL,
    content        TEXT   NOT NULL,
    content_hash   TEXT   NOT NULL,
    plan           TEXT   NOT NULL,
    plan_hash      TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('submitted', 'sent_back', 'approved', 'rejected', 'withdrawn', 'expired', 'outdated')),
    maker          TEXT   NOT NULL,
    maker_person   TEXT   NOT NULL,
    checker        TEXT   NOT NULL DEFAULT '',
    checker_person TEXT   NOT NULL DEFAULT '',
    decision       TEXT   NOT NULL DEFAULT '',
    made_at        BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    decided_at     BIGINT NOT NULL DEFAULT 0,
    -- Four eyes: whoever asked does not decide, by whichever account.
    CHECK (checker_person = '' OR checker_person <> maker_person)
);
CREATE INDEX change_requests_by_state ON change_requests (state, id);
CREATE INDEX change_requests_by_maker ON change_requests (maker, id);
CREATE INDEX change_requests_by_subject ON change_requests (subject, id);

CREATE TABLE change_comments (
    id         TEXT PRIMARY KEY,
    request_id BIGINT NOT NULL REFERENCES change_requests (id),
    account_id TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    text       TEXT   NOT NULL
);
CREATE INDEX change_comments_by_request ON change_comments (request_id, at);
