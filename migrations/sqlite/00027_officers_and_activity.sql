-- +goose Up

-- Who of the staff looks after a partner; empty: nobody. Safe beside gateways of
-- the release before: the column has a default, and who does not know it leaves it
-- as it is. A partner whose registration is on record is its maker's; of others
-- nobody knows whose they are, and a guess would keep the right officer out.
ALTER TABLE partners ADD COLUMN officer_id TEXT NOT NULL DEFAULT '';
UPDATE partners SET officer_id = coalesce((
    SELECT d.account_id FROM onboarding_drafts d JOIN change_requests r ON r.id = d.request_id
    WHERE d.partner_id = partners.id AND r.state = 'approved' ORDER BY d.id DESC LIMIT 1), '');

-- What persons did is walked along ids, which begin with the time, as the issuance
-- log is (docs/decisions/0024): everybody's, one person's, and what became of one
-- partner. Who signed in is no part of a partner's history. Each index is made in
-- some seconds for each million of events.
DROP INDEX events_of_persons;
DROP INDEX events_by_actor;
DROP INDEX events_of_partners;
CREATE INDEX events_of_persons ON events (id) WHERE actor <> '';
CREATE INDEX events_of_actor ON events (actor, id) WHERE actor <> '';
CREATE INDEX events_of_partners ON events (partner_id, id) WHERE partner_id <> '' AND actor <> '' AND substr(kind, 1, 8) <> 'session.';
