-- +goose Up

CREATE TABLE partners (
    id         TEXT PRIMARY KEY,
    name       TEXT   NOT NULL,
    status     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE applications (
    id           TEXT PRIMARY KEY CHECK (id <> '' AND instr(id, ':') = 0),
    partner_id   TEXT   NOT NULL REFERENCES partners (id),
    name         TEXT   NOT NULL,
    environment  TEXT   NOT NULL CHECK (environment IN ('sandbox', 'production')),
    suite        TEXT   NOT NULL,
    auth_method  TEXT   NOT NULL,
    status       TEXT   NOT NULL,
    epoch        BIGINT NOT NULL DEFAULT 0,
    address_mode TEXT   NOT NULL DEFAULT 'off',
    at_lifetime  BIGINT NOT NULL DEFAULT 0 CHECK (at_lifetime BETWEEN 0 AND 600),
    daily_quota  BIGINT NOT NULL DEFAULT 0,
    at_rate      BIGINT NOT NULL DEFAULT 0,
    vt_rate      BIGINT NOT NULL DEFAULT 0,
    call_rate    BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE INDEX applications_by_partner ON applications (partner_id);

CREATE TABLE application_addresses (
    application_id TEXT NOT NULL REFERENCES applications (id),
    prefix         TEXT NOT NULL,
    PRIMARY KEY (application_id, prefix)
);

CREATE TABLE return_addresses (
    application_id TEXT NOT NULL REFERENCES applications (id),
    address        TEXT NOT NULL,
    PRIMARY KEY (application_id, address)
);

CREATE TABLE credentials (
    id             TEXT PRIMARY KEY,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    use            TEXT   NOT NULL CHECK (use IN ('sig', 'enc', 'secret')),
    kid            TEXT   NOT NULL DEFAULT '',
    public_jwk     TEXT   NOT NULL DEFAULT '',
    secret_hash    TEXT   NOT NULL DEFAULT '',
    not_before     BIGINT NOT NULL DEFAULT 0,
    not_after      BIGINT NOT NULL DEFAULT 0,
    revoked_at     BIGINT NOT NULL DEFAULT 0,
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX credentials_by_kid ON credentials (application_id, use, kid) WHERE kid <> '';
CREATE INDEX credentials_by_application ON credentials (application_id);

CREATE TABLE services (
    id              TEXT PRIMARY KEY,
    name            TEXT    NOT NULL,
    h5_url          TEXT    NOT NULL,
    class           TEXT    NOT NULL DEFAULT 'A2',
    api_id          TEXT    NOT NULL DEFAULT '',
    status          TEXT    NOT NULL,
    allow_no_origin BOOLEAN NOT NULL DEFAULT FALSE,
    vt_lifetime     BIGINT  NOT NULL DEFAULT 0,
    renew_window    BIGINT  NOT NULL DEFAULT 0,
    max_age         BIGINT  NOT NULL DEFAULT 0,
    max_body        BIGINT  NOT NULL DEFAULT 0,
    durable_calls   BOOLEAN NOT NULL DEFAULT FALSE,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL
);

CREATE TABLE service_origins (
    service_id TEXT NOT NULL REFERENCES services (id),
    origin     TEXT NOT NULL,
    PRIMARY KEY (service_id, origin)
);

CREATE TABLE upstreams (
    service_id      TEXT   NOT NULL REFERENCES services (id),
    environment     TEXT   NOT NULL CHECK (environment IN ('sandbox', 'production')),
    base_url        TEXT   NOT NULL,
    timeout         BIGINT NOT NULL DEFAULT 0,
    connect_timeout BIGINT NOT NULL DEFAULT 0,
    max_reply       BIGINT NOT NULL DEFAULT 0,
    introspection_hash TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (service_id, environment)
);

CREATE TABLE routes (
    id                TEXT PRIMARY KEY,
    service_id        TEXT    NOT NULL REFERENCES services (id),
    method            TEXT    NOT NULL,
    pattern           TEXT    NOT NULL,
    resource          TEXT    NOT NULL,
    action            TEXT    NOT NULL,
    query_names       TEXT    NOT NULL DEFAULT '[]',
    bindings          TEXT    NOT NULL DEFAULT '{}',
    reply_types       TEXT    NOT NULL DEFAULT '[]',
    error_fields      TEXT    NOT NULL DEFAULT '[]',
    owner_check       TEXT    NOT NULL DEFAULT '',
    requires_customer BOOLEAN NOT NULL DEFAULT FALSE,
    sign_in           BOOLEAN NOT NULL DEFAULT FALSE,
    sample_reply      TEXT    NOT NULL DEFAULT '',
    UNIQUE (service_id, method, pattern)
);

CREATE TABLE scopes (
    id                TEXT PRIMARY KEY,
    service_id        TEXT    NOT NULL REFERENCES services (id),
    title             TEXT    NOT NULL,
    requires_customer BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX scopes_by_service ON scopes (service_id);

CREATE TABLE scope_permissions (
    scope_id TEXT    NOT NULL REFERENCES scopes (id),
    resource TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    deny     BOOLEAN NOT NULL DEFAULT FALSE,
    raw      BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (scope_id, resource, action)
);

CREATE TABLE scope_fields (
    scope_id  TEXT NOT NULL REFERENCES scopes (id),
    resource  TEXT NOT NULL,
    action    TEXT NOT NULL,
    path      TEXT NOT NULL,
    class     TEXT NOT NULL DEFAULT 'C3',
    treatment TEXT NOT NULL CHECK (treatment IN ('keep', 'mask', 'drop')),
    mask      TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (scope_id, resource, action, path),
    -- C3 is authentication data (JR/T 0171): it never leaves as it is.
    CHECK (NOT (class = 'C3' AND treatment = 'keep'))
);

-- Several grants of one scope to one application may follow each other, so
-- that a renewal never overwrites history.
CREATE TABLE grants (
    id             TEXT PRIMARY KEY,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    scope_id       TEXT   NOT NULL REFERENCES scopes (id),
    purpose        TEXT   NOT NULL,
    approved_by    TEXT   NOT NULL DEFAULT '',
    starts_at      BIGINT NOT NULL,
    ends_at        BIGINT NOT NULL DEFAULT 0,
    ended_at       BIGINT NOT NULL DEFAULT 0,
    created_at     BIGINT NOT NULL
);
CREATE INDEX grants_by_application ON grants (application_id);
CREATE INDEX grants_by_scope ON grants (scope_id);

CREATE TABLE keys (
    kid            TEXT PRIMARY KEY,
    use            TEXT   NOT NULL CHECK (use IN ('ak', 'sig', 'ticket', 'subject')),
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

CREATE TABLE freezes (
    id          TEXT PRIMARY KEY,
    target_kind TEXT   NOT NULL CHECK (target_kind IN ('partner', 'application', 'service', 'scope')),
    target_id   TEXT   NOT NULL,
    stops       TEXT   NOT NULL CHECK (stops IN ('at', 'vt', 'call', 'all')),
    reason      TEXT   NOT NULL DEFAULT '',
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX freezes_live ON freezes (target_kind, target_id) WHERE ended_at = 0;

CREATE TABLE changes (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    at      BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    until   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX changes_by_time ON changes (at);
-- What a node that starts must know of the past: visits that ended early.
CREATE INDEX changes_live ON changes (until) WHERE until > 0;

CREATE TABLE events (
    id             TEXT PRIMARY KEY,
    at             BIGINT  NOT NULL,
    kind           TEXT    NOT NULL,
    outcome        TEXT    NOT NULL,
    reason         TEXT    NOT NULL DEFAULT '',
    request_id     TEXT    NOT NULL DEFAULT '',
    partner_id     TEXT    NOT NULL DEFAULT '',
    application_id TEXT    NOT NULL DEFAULT '',
    service_id     TEXT    NOT NULL DEFAULT '',
    vid            TEXT    NOT NULL DEFAULT '',
    alarm          BOOLEAN NOT NULL DEFAULT FALSE,
    body           TEXT    NOT NULL,
    leaf_hash      TEXT    NOT NULL,
    seq            BIGINT
);
CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_by_application ON events (application_id, at) WHERE application_id <> '';
CREATE INDEX events_by_visit ON events (vid) WHERE vid <> '';
CREATE INDEX events_by_request ON events (request_id) WHERE request_id <> '';
CREATE UNIQUE INDEX events_by_seq ON events (seq) WHERE seq IS NOT NULL;

-- In the order in which ATs are issued, not by their hash: what is issued
-- together is spent together, so a group of spends touches few pages.
CREATE TABLE at_rows (
    at_hash        TEXT NOT NULL UNIQUE,
    jti            TEXT   NOT NULL,
    partner_id     TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    service_id     TEXT   NOT NULL,
    environment    TEXT   NOT NULL,
    suite          TEXT   NOT NULL,
    scope          TEXT   NOT NULL,
    subject_sealed TEXT   NOT NULL DEFAULT '',
    subject_mac    TEXT   NOT NULL DEFAULT '',
    ak_kid         TEXT   NOT NULL,
    return_to      TEXT   NOT NULL DEFAULT '',
    issued_at      BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    revoked_at     BIGINT NOT NULL DEFAULT 0,
    spent_at       BIGINT NOT NULL DEFAULT 0,
    r_hash         TEXT   NOT NULL DEFAULT '',
    vid            TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX at_rows_by_expiry ON at_rows (expires_at);
-- One R opens one visit: two nodes cannot spend two ATs under the same R.
CREATE UNIQUE INDEX at_rows_by_r ON at_rows (r_hash) WHERE r_hash <> '';

CREATE TABLE assertion_jtis (
    application_id TEXT   NOT NULL,
    jti            TEXT   NOT NULL,
    expires_at     BIGINT NOT NULL,
    PRIMARY KEY (application_id, jti)
) WITHOUT ROWID;
CREATE INDEX assertion_jtis_by_expiry ON assertion_jtis (expires_at);

CREATE TABLE visits (
    vid            TEXT PRIMARY KEY,
    at_hash        TEXT   NOT NULL,
    partner_id     TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    service_id     TEXT   NOT NULL,
    environment    TEXT   NOT NULL,
    scope          TEXT   NOT NULL,
    subject_sealed TEXT   NOT NULL DEFAULT '',
    subject_mac    TEXT   NOT NULL DEFAULT '',
    -- Whom the bank's sign-in saw: sealed for display, and as a MAC for search.
    customer_sealed TEXT  NOT NULL DEFAULT '',
    customer_mac   TEXT   NOT NULL DEFAULT '',
    auth_time      BIGINT NOT NULL DEFAULT 0,
    opened_at      BIGINT NOT NULL,
    dead_after     BIGINT NOT NULL,
    epoch          BIGINT NOT NULL DEFAULT 0,
    ended_at       BIGINT NOT NULL DEFAULT 0,
    end_reason     TEXT   NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX visits_by_application ON visits (application_id, opened_at);
CREATE INDEX visits_by_subject ON visits (subject_mac) WHERE subject_mac <> '';
CREATE INDEX visits_by_customer ON visits (customer_mac) WHERE customer_mac <> '';

CREATE TABLE write_calls (
    vid        TEXT   NOT NULL,
    jti        TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    node       TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (vid, jti)
) WITHOUT ROWID;
CREATE INDEX write_calls_by_time ON write_calls (started_at);

CREATE TABLE calls (
    id             TEXT PRIMARY KEY,
    at             BIGINT NOT NULL,
    vid            TEXT   NOT NULL,
    request_id     TEXT   NOT NULL,
    partner_id     TEXT   NOT NULL,
    application_id TEXT   NOT NULL,
    service_id     TEXT   NOT NULL,
    route_id       TEXT   NOT NULL DEFAULT '',
    method         TEXT   NOT NULL DEFAULT '',
    status         BIGINT NOT NULL DEFAULT 0,
    code           TEXT   NOT NULL DEFAULT '',
    reason         TEXT   NOT NULL DEFAULT '',
    rule           TEXT   NOT NULL DEFAULT '',
    policy_version BIGINT NOT NULL DEFAULT 0,
    shape_id       TEXT   NOT NULL DEFAULT '',
    duration       BIGINT NOT NULL DEFAULT 0,
    upstream_time  BIGINT NOT NULL DEFAULT 0,
    bytes_in       BIGINT NOT NULL DEFAULT 0,
    bytes_out      BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX calls_by_visit ON calls (vid, at);
CREATE INDEX calls_by_application ON calls (application_id, at);
CREATE INDEX calls_by_request ON calls (request_id);

CREATE TABLE shapes (
    id         TEXT PRIMARY KEY,
    canonical  TEXT   NOT NULL,
    first_seen BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE quota_counts (
    application_id TEXT   NOT NULL,
    day            TEXT   NOT NULL,
    issued         BIGINT NOT NULL,
    PRIMARY KEY (application_id, day)
) WITHOUT ROWID;
