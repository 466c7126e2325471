-- +goose Up

-- Safe beside gateways of the release before: they read past an index.

-- A credit code names one company: whoever enters one learns whether another partner has
-- it.
CREATE INDEX IF NOT EXISTS partners_by_credit_code ON partners (credit_code);
