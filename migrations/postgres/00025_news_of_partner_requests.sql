-- +goose Up

-- Safe beside gateways of the release before: what is added has defaults, and they
-- have no portal in which a partner could ask. One of them that happens to send mail
-- meanwhile leaves such news out; the request itself waits in the console as before.

-- Since when a partner's request waits for an officer; Unix ms, 0 while it does not.
-- The few that wait are found by an index.
ALTER TABLE partner_requests ADD COLUMN IF NOT EXISTS waits_since BIGINT NOT NULL DEFAULT 0;
UPDATE partner_requests SET waits_since = made_at WHERE state = 'submitted';
CREATE INDEX IF NOT EXISTS partner_requests_waiting ON partner_requests (waits_since, id) WHERE waits_since > 0;

-- The outbox takes news of partners' requests, too.
ALTER TABLE deliveries
    ADD COLUMN IF NOT EXISTS partner_request_id BIGINT NOT NULL DEFAULT 0,
    DROP CONSTRAINT IF EXISTS deliveries_news_check,
    ADD CONSTRAINT deliveries_news_check CHECK (news IN ('raised', 'worse', 'reminder', 'resolved',
        'asked', 'approved', 'sent_back', 'rejected', 'outdated', 'expired', 'expiring', 'recovered',
        'replied', 'question', 'declined', 'prepared'));
