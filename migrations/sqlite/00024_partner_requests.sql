-- +goose Up

-- What a partner asks of the bank from its portal, and what was said about it. A
-- gateway of the release before has no portal and does not look at either. answers
-- is the partner's request that a change request was made for; 0 for none.
CREATE TABLE partner_requests (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    partner_id     TEXT   NOT NULL REFERENCES partners (id),
    application_id TEXT   NOT NULL,
    content        TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('submitted', 'in_review', 'question', 'approved', 'declined', 'withdrawn')),
    maker          TEXT   NOT NULL REFERENCES accounts (id),
    maker_person   TEXT   NOT NULL,
    made_at        BIGINT NOT NULL,
    officer        TEXT   NOT NULL DEFAULT '',
    decided_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX partner_requests_by_partner ON partner_requests (partner_id, id);

CREATE TABLE partner_request_notes (
    id         TEXT    PRIMARY KEY,
    request_id BIGINT  NOT NULL REFERENCES partner_requests (id),
    account_id TEXT    NOT NULL REFERENCES accounts (id),
    bank       BOOLEAN NOT NULL,
    at         BIGINT  NOT NULL,
    text       TEXT    NOT NULL
);
CREATE INDEX partner_request_notes_by_request ON partner_request_notes (request_id, at);

ALTER TABLE change_requests ADD COLUMN answers BIGINT NOT NULL DEFAULT 0;
CREATE INDEX change_requests_by_answer ON change_requests (answers, id) WHERE answers <> 0;
