-- +goose Up

-- Until when a new set-up link may be made for somebody who is in already, after
-- two persons have agreed to it; Unix ms. Safe beside gateways of the release
-- before: the column has a default, and who does not know it makes no such link.
ALTER TABLE accounts ADD COLUMN reset_until BIGINT NOT NULL DEFAULT 0;
