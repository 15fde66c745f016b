-- What the Hub said of models, so that a quote need not ask it again and still works while it is away.
-- `visible_to` is 'everyone' for public repositories, else whose token read it; no token is kept.
-- json, not jsonb: what strangers wrote may hold \u0000, which jsonb refuses.
CREATE TABLE hub_readings (
  hub_url     text NOT NULL,
  model       text NOT NULL,
  revision    text NOT NULL,
  visible_to  text NOT NULL,
  reading     json NOT NULL,
  checked_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (hub_url, model, revision, visible_to)
);
CREATE INDEX hub_readings_by_age ON hub_readings (checked_at);

-- The providers of this installation, written by the worker at boot: the api, which never asks a provider, quotes
-- by them. Memory and candidates are those of a machine that no catalogue lists; null where a catalogue does.
CREATE TABLE machines (
  provider             text PRIMARY KEY,
  tier                 text,
  usable_memory_bytes  bigint CHECK (usable_memory_bytes >= 0),
  candidates           jsonb,
  recorded_at          timestamptz NOT NULL DEFAULT now(),
  CHECK ((tier IS NULL) = (usable_memory_bytes IS NULL) AND (tier IS NULL) = (candidates IS NULL))
);
