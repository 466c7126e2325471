-- +goose Up

-- Each restore of an old copy. What was made before the newest one is dead: its
-- ATs, visits and keys were ended in the same transaction, and client assertions
-- that may have been used meanwhile are refused by this time.
--
-- Safe beside a gateway of the release before: the table is new and empty, no row
-- that exists is touched, and who does not know it never asks.
CREATE TABLE restores (
    at           BIGINT PRIMARY KEY, -- Unix ms
    newest_event BIGINT NOT NULL     -- of the copy: what happened after it is lost
);
