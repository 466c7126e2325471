-- +goose Up

-- All of this is safe beside gateways of the release before: nothing of theirs
-- reads by the index that goes, and the others are new. While an index is made
-- nobody writes: about a second for each million rows.

-- The log of one application is walked by its key, as the whole log is.
CREATE INDEX events_by_application_id ON events (application_id, id) WHERE application_id <> '';
DROP INDEX events_by_application;

-- Staff look for an AT by its jti, and for what a partner's user did by the MAC
-- of the user id: visits that never came to be have no row but this one.
CREATE INDEX at_rows_by_jti ON at_rows (jti);
CREATE INDEX at_rows_by_subject ON at_rows (subject_mac, issued_at) WHERE subject_mac <> '';
