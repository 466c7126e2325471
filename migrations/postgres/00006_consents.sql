-- +goose Up

-- What people are asked to agree to under a scope, each version as it was. No
-- row is ever changed or deleted: consents refer to them.
CREATE TABLE consent_texts (
    scope_id   TEXT   NOT NULL REFERENCES scopes (id),
    version    BIGINT NOT NULL CHECK (version > 0),
    purpose_en TEXT   NOT NULL,
    purpose_zh TEXT   NOT NULL,
    text_en    TEXT   NOT NULL,
    text_zh    TEXT   NOT NULL,
    days       BIGINT NOT NULL DEFAULT 0, -- for how long a consent is good; 0 is until it is withdrawn
    created_at BIGINT NOT NULL,
    PRIMARY KEY (scope_id, version)
);

-- The version that a scope demands; 0 demands none, so scopes from before stay
-- as they were, and a release from before that saves a scope leaves it alone.
ALTER TABLE scopes ADD COLUMN consent_version BIGINT NOT NULL DEFAULT 0;

-- Who agreed to what. The person is the customer where there is one, else the
-- partner's subject, else nobody beyond the visit.
CREATE TABLE consents (
    id             TEXT PRIMARY KEY, -- of the event that tells of it
    partner_id     TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    service_id     TEXT   NOT NULL,
    scope_id       TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    customer_mac   TEXT   NOT NULL DEFAULT '',
    subject_mac    TEXT   NOT NULL DEFAULT '',
    vid            TEXT   NOT NULL, -- the visit in which it was given
    given_at       BIGINT NOT NULL,
    ends_at        BIGINT NOT NULL DEFAULT 0, -- from when it holds no longer; 0 is open
    withdrawn_at   BIGINT NOT NULL DEFAULT 0,
    withdrawn_by   TEXT   NOT NULL DEFAULT '' CHECK (withdrawn_by IN ('', 'customer', 'partner', 'bank', 'restore')),
    reason         TEXT   NOT NULL DEFAULT '',
    FOREIGN KEY (scope_id, version) REFERENCES consent_texts (scope_id, version)
);
CREATE INDEX consents_by_customer ON consents (customer_mac, application_id, id) WHERE customer_mac <> '';
CREATE INDEX consents_by_subject ON consents (subject_mac, application_id, id) WHERE subject_mac <> '';
CREATE INDEX consents_by_visit ON consents (vid, id);
CREATE INDEX consents_by_application ON consents (application_id, id);
CREATE INDEX consents_by_scope ON consents (scope_id, id);
CREATE INDEX consents_by_both ON consents (application_id, scope_id, id);
CREATE INDEX consents_by_end ON consents (ends_at) WHERE ends_at > 0;
