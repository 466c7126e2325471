-- +goose Up

-- Safe beside gateways of the release before: what is added has defaults, and they
-- ask the outbox only for receivers whose names they know, which are not these.

-- Where somebody of the staff gets mail about change requests; empty for nowhere.
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS email TEXT NOT NULL DEFAULT '';
-- Who may decide a request is found by role.
CREATE INDEX IF NOT EXISTS staff_roles_by_role ON staff_roles (role, account_id);
-- When a request's maker was told that its time is nearly over; Unix ms.
ALTER TABLE change_requests ADD COLUMN IF NOT EXISTS warned_at BIGINT NOT NULL DEFAULT 0;

-- The outbox takes news of change requests and of accounts, too. receiver is a
-- queue: "mail/" and an account's id for one person, "wecom/staff" for a group.
ALTER TABLE deliveries
    ALTER COLUMN alert_id SET DEFAULT '',
    ADD COLUMN IF NOT EXISTS request_id BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS account_id TEXT NOT NULL DEFAULT '',
    DROP CONSTRAINT IF EXISTS deliveries_news_check,
    ADD CONSTRAINT deliveries_news_check CHECK (news IN ('raised', 'worse', 'reminder', 'resolved',
        'asked', 'approved', 'sent_back', 'rejected', 'outdated', 'expired', 'expiring', 'recovered'));
CREATE INDEX IF NOT EXISTS deliveries_of_request ON deliveries (request_id, id) WHERE request_id > 0;

-- No query reads it: staff look for what a partner's user did among the ATs.
DROP INDEX IF EXISTS visits_by_subject;
