-- +goose Up

-- Safe beside gateways of the release before: whatever reads by the index that
-- goes reads by the new one as well. While an index is made nobody writes: about a
-- second for each million rows.

-- Who holds a scope is walked by application.
CREATE INDEX grants_by_scope_application ON grants (scope_id, application_id, id);
DROP INDEX grants_by_scope;

-- What persons did to a service, newest first.
CREATE INDEX events_of_service ON events (service_id, id) WHERE actor <> '' AND service_id <> '';
