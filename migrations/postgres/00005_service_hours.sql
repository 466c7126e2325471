-- +goose Up

-- When a service is open, in clock times of the bank's zone. A service without
-- rows is always open, so services from before stay as they were.
CREATE TABLE service_hours (
    service_id TEXT NOT NULL REFERENCES services (id),
    days       TEXT NOT NULL, -- "mon tue", in the order of the week
    opens      TEXT NOT NULL, -- "09:00"
    closes     TEXT NOT NULL, -- the next day's when it is not later
    PRIMARY KEY (service_id, days, opens, closes)
);

-- Planned stops, such as for the day-end; Unix ms.
CREATE TABLE service_stops (
    service_id TEXT   NOT NULL REFERENCES services (id),
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL CHECK (ends_at > starts_at),
    reason_en  TEXT   NOT NULL,
    reason_zh  TEXT   NOT NULL,
    PRIMARY KEY (service_id, starts_at)
);
