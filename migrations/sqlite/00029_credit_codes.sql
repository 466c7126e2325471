-- +goose Up

-- A credit code names one company: whoever enters one learns whether another partner has
-- it.
CREATE INDEX partners_by_credit_code ON partners (credit_code);
