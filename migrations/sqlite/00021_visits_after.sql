-- +goose Up

-- Visits of a service that were opened up to then (Unix ms) are over: what a
-- raised epoch is for an application. A gateway of the release before does not
-- look at it; until it is gone, freeze the service instead.
ALTER TABLE services ADD COLUMN visits_after BIGINT NOT NULL DEFAULT 0;
