-- +goose Up

-- SQLite has one process that writes: no gateway of the release before is beside.

-- Where somebody of the staff gets mail about change requests; empty for nowhere.
ALTER TABLE accounts ADD COLUMN email TEXT NOT NULL DEFAULT '';
-- Who may decide a request is found by role.
CREATE INDEX staff_roles_by_role ON staff_roles (role, account_id);
-- When a request's maker was told that its time is nearly over; Unix ms.
ALTER TABLE change_requests ADD COLUMN warned_at BIGINT NOT NULL DEFAULT 0;

-- The outbox takes news of change requests and of accounts, too. receiver is a
-- queue: "mail/" and an account's id for one person, "wecom/staff" for a group. The
-- table is made anew, for the check says more; it holds a month of news at most.
CREATE TABLE deliveries_new (
    id         TEXT PRIMARY KEY, -- UUIDv7: the order in which they go
    alert_id   TEXT   NOT NULL DEFAULT '',
    request_id BIGINT NOT NULL DEFAULT 0,
    account_id TEXT   NOT NULL DEFAULT '',
    receiver   TEXT   NOT NULL,
    news       TEXT   NOT NULL CHECK (news IN ('raised', 'worse', 'reminder', 'resolved',
        'asked', 'approved', 'sent_back', 'rejected', 'outdated', 'expired', 'expiring', 'recovered')),
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    last_error TEXT   NOT NULL DEFAULT '',
    sent_at    BIGINT NOT NULL DEFAULT 0,
    gave_up_at BIGINT NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO deliveries_new (id, alert_id, receiver, news, due_at, attempts, last_error, sent_at, gave_up_at)
    SELECT id, alert_id, receiver, news, due_at, attempts, last_error, sent_at, gave_up_at FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE INDEX deliveries_waiting ON deliveries (receiver, id) WHERE sent_at = 0 AND gave_up_at = 0;
CREATE INDEX deliveries_of_request ON deliveries (request_id, id) WHERE request_id > 0;

-- No query reads it: staff look for what a partner's user did among the ATs.
DROP INDEX visits_by_subject;
