-- +goose Up

-- The thumbprint (RFC 7638) of a credential's key finds whether another
-- application has registered the same key. Rows from before have none and keep
-- working: they are only not found.
ALTER TABLE credentials ADD COLUMN thumbprint TEXT NOT NULL DEFAULT '';
CREATE INDEX credentials_by_thumbprint ON credentials (thumbprint) WHERE thumbprint <> '';

-- Who owns an origin is asked for each origin of a service that is set up.
CREATE INDEX service_origins_by_origin ON service_origins (origin);
