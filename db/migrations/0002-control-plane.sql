-- The records of the control plane. Owner means organization (see 0001-auth.sql).
-- Two groups of columns in `endpoints`, and no column with two writers:
--   wishes  (name … retry_requested) are written by the API,
--   status  (status … last_update)   by the lifecycle's activities, by compare-and-set on version.

CREATE TABLE installation (
  singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  id         uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation DEFAULT VALUES;

CREATE TABLE endpoints (
  id                   text PRIMARY KEY CHECK (id ~ '^endpt-[0-9a-f]{12}$'),
  owner_id             text NOT NULL REFERENCES organization (id),
  created_by           text NOT NULL,
  notify_email         text,
  created_at           timestamptz NOT NULL DEFAULT now(),
  -- wishes
  name                 text NOT NULL,
  spec                 jsonb NOT NULL,
  generation           integer NOT NULL DEFAULT 1,
  power                text NOT NULL DEFAULT 'on' CHECK (power IN ('on', 'paused', 'deleted')),
  force_delete         boolean NOT NULL DEFAULT false,
  wake_requested       integer NOT NULL DEFAULT 0,
  hibernate_requested  integer NOT NULL DEFAULT 0,
  retry_requested      integer NOT NULL DEFAULT 0,
  -- status
  status               text NOT NULL DEFAULT 'building',
  stage                text,
  stage_progress       real,
  status_reason        text,
  status_message       text NOT NULL DEFAULT '',
  since                timestamptz NOT NULL DEFAULT now(),
  expected_ready_at    timestamptz,
  version              bigint NOT NULL DEFAULT 1,
  observed_generation  integer NOT NULL DEFAULT 0,
  sleep_generation     integer NOT NULL DEFAULT 0,
  failure_generation   integer NOT NULL DEFAULT 0,
  first_up_at          timestamptz,
  degraded_reason      text,
  degraded_message     text,
  sizing               jsonb,
  last_update          jsonb,
  deleted_at           timestamptz
);
CREATE INDEX endpoints_by_owner ON endpoints (owner_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;

CREATE TABLE autoscaling (
  endpoint_id           text PRIMARY KEY REFERENCES endpoints (id),
  owner_id              text NOT NULL,
  min_nodes             integer NOT NULL CHECK (min_nodes >= 0),
  max_nodes             integer NOT NULL CHECK (max_nodes >= 1 AND max_nodes >= min_nodes),
  idle_timeout_seconds  integer NOT NULL CHECK (idle_timeout_seconds > 0),
  target_concurrency    integer NOT NULL CHECK (target_concurrency > 0)
);

-- The price as it was when hardware was chosen. NULL is "unknown", never "free".
CREATE TABLE pricing (
  endpoint_id          text PRIMARY KEY REFERENCES endpoints (id),
  owner_id             text NOT NULL,
  tier                 text NOT NULL,
  provider             text NOT NULL,
  usd_micros_per_hour  bigint CHECK (usd_micros_per_hour >= 0),
  currency             text NOT NULL DEFAULT 'USD',
  source               text NOT NULL,
  captured_at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE custom_domains (
  domain           text NOT NULL,
  endpoint_id      text NOT NULL REFERENCES endpoints (id),
  owner_id         text NOT NULL,
  challenge_token  text NOT NULL,
  state            text NOT NULL DEFAULT 'pending',
  created_at       timestamptz NOT NULL DEFAULT now(),
  verified_at      timestamptz,
  PRIMARY KEY (endpoint_id, domain)
);

CREATE TABLE telemetry_settings (
  endpoint_id    text PRIMARY KEY REFERENCES endpoints (id),
  owner_id       text NOT NULL,
  otlp_endpoint  text NOT NULL
);

-- Secrets of an endpoint: Hub token, environment values, telemetry headers. AES-256-GCM, see db/secrets.ts.
CREATE TABLE endpoint_secrets (
  endpoint_id  text NOT NULL REFERENCES endpoints (id),
  owner_id     text NOT NULL,
  name         text NOT NULL CHECK (name IN ('hugging_face_token', 'env', 'telemetry_headers')),
  ciphertext   bytea NOT NULL,
  PRIMARY KEY (endpoint_id, name)
);

-- A row exists before the provider is called (intent before effect), and is `terminated` only after the
-- provider says so (truth before forgetting).
CREATE TABLE nodes (
  id                  text PRIMARY KEY,
  endpoint_id         text NOT NULL REFERENCES endpoints (id),
  owner_id            text NOT NULL,
  slot                integer NOT NULL CHECK (slot >= 0),
  epoch               integer NOT NULL CHECK (epoch >= 0),
  generation          integer NOT NULL,
  token               text NOT NULL UNIQUE,
  provider            text NOT NULL,
  candidate           jsonb NOT NULL,
  provider_ref        text,
  address             text,
  secret_ciphertext   bytea NOT NULL,
  state               text NOT NULL DEFAULT 'intent',
  reason              text,
  created_at          timestamptz NOT NULL DEFAULT now(),
  ready_at            timestamptz,
  released_at         timestamptz,
  updated_at          timestamptz NOT NULL DEFAULT now(),
  UNIQUE (endpoint_id, slot, epoch)
);
-- One live node per slot.
CREATE UNIQUE INDEX nodes_live_slot ON nodes (endpoint_id, slot) WHERE state <> 'terminated';

-- The cost ledger: when a machine ran, from the provider's truth. One open interval per node.
CREATE TABLE node_intervals (
  id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  node_id              text NOT NULL REFERENCES nodes (id),
  endpoint_id          text NOT NULL,
  owner_id             text NOT NULL,
  usd_micros_per_hour  bigint,
  started_at           timestamptz NOT NULL,
  ended_at             timestamptz CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX node_intervals_open ON node_intervals (node_id) WHERE ended_at IS NULL;
CREATE INDEX node_intervals_by_endpoint ON node_intervals (endpoint_id, started_at);

CREATE TABLE api_keys (
  id            text PRIMARY KEY CHECK (length(id) = 8),
  owner_id      text NOT NULL REFERENCES organization (id),
  created_by    text NOT NULL,
  name          text NOT NULL,
  secret_sha256 bytea NOT NULL,
  last4         text NOT NULL,
  scopes        text[] NOT NULL,
  endpoint_ids  text[],
  created_at    timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz,
  revoked_at    timestamptz,
  last_used_at  timestamptz
);
CREATE INDEX api_keys_by_owner ON api_keys (owner_id, created_at DESC, id DESC);

CREATE TABLE endpoint_events (
  seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  endpoint_id  text NOT NULL,
  owner_id     text NOT NULL,
  at           timestamptz NOT NULL DEFAULT clock_timestamp(),
  type         text NOT NULL,
  actor        text NOT NULL,
  from_status  text,
  to_status    text,
  stage        text,
  reason       text,
  message      text NOT NULL,
  details      jsonb,
  run_id       text
);
CREATE INDEX endpoint_events_by_endpoint ON endpoint_events (endpoint_id, seq);

-- Signals to workflows, written in the transaction of the change that they tell of.
CREATE TABLE outbox (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  endpoint_id      text NOT NULL,
  signal           text NOT NULL,
  payload          jsonb NOT NULL DEFAULT '{}',
  dedupe_key       text UNIQUE,
  created_at       timestamptz NOT NULL DEFAULT now(),
  attempts         integer NOT NULL DEFAULT 0,
  next_attempt_at  timestamptz NOT NULL DEFAULT now(),
  delivered_at     timestamptz,
  last_error       text
);
CREATE INDEX outbox_pending ON outbox (next_attempt_at) WHERE delivered_at IS NULL;

CREATE TABLE mail_outbox (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  endpoint_id  text NOT NULL,
  owner_id     text NOT NULL,
  event        text NOT NULL,
  dedupe_key   text NOT NULL UNIQUE,
  recipient    text NOT NULL,
  data         jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  sent_at      timestamptz,
  message_id   text,
  attempts     integer NOT NULL DEFAULT 0,
  last_error   text
);

CREATE TABLE idempotency_keys (
  owner_id         text NOT NULL,
  route            text NOT NULL,
  key              text NOT NULL,
  request_sha256   bytea NOT NULL,
  response_status  integer,
  response_body    jsonb,
  created_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner_id, route, key)
);

-- Live proxies and what each has in flight. Rows of a proxy that stopped reporting do not count.
CREATE TABLE proxies (
  id            text PRIMARY KEY,
  heartbeat_at  timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE proxy_loads (
  proxy_id      text NOT NULL REFERENCES proxies (id) ON DELETE CASCADE,
  endpoint_id   text NOT NULL,
  in_flight     integer NOT NULL,
  held          integer NOT NULL,
  seen_version  bigint NOT NULL,
  reported_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (proxy_id, endpoint_id)
);
CREATE INDEX proxy_loads_by_endpoint ON proxy_loads (endpoint_id);
-- When the last inference request of an endpoint ended, over all proxies; only ever moves forward.
CREATE TABLE endpoint_traffic (
  endpoint_id      text PRIMARY KEY REFERENCES endpoints (id),
  last_request_at  timestamptz NOT NULL
);

CREATE TABLE orphan_sightings (
  provider       text NOT NULL,
  token          text NOT NULL,
  ref            text NOT NULL,
  first_seen_at  timestamptz NOT NULL DEFAULT now(),
  times_seen     integer NOT NULL DEFAULT 1,
  PRIMARY KEY (provider, token)
);

-- Changes are told to whoever listens; the payload is only a name to look up.
CREATE FUNCTION notify_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[1]);
  RETURN NULL;
END $$;
CREATE TRIGGER endpoints_changed AFTER INSERT OR UPDATE ON endpoints
  FOR EACH ROW EXECUTE FUNCTION notify_changed('endpoint_changed', 'id');
CREATE TRIGGER autoscaling_changed AFTER UPDATE ON autoscaling
  FOR EACH ROW EXECUTE FUNCTION notify_changed('endpoint_changed', 'endpoint_id');
CREATE TRIGGER nodes_changed AFTER INSERT OR UPDATE ON nodes
  FOR EACH ROW EXECUTE FUNCTION notify_changed('endpoint_changed', 'endpoint_id');
CREATE TRIGGER events_added AFTER INSERT ON endpoint_events
  FOR EACH ROW EXECUTE FUNCTION notify_changed('endpoint_event', 'endpoint_id');
CREATE TRIGGER api_keys_changed AFTER INSERT OR UPDATE ON api_keys
  FOR EACH ROW EXECUTE FUNCTION notify_changed('api_key_changed', 'id');
CREATE TRIGGER outbox_added AFTER INSERT ON outbox
  FOR EACH ROW EXECUTE FUNCTION notify_changed('outbox_added', 'endpoint_id');

-- The second wall: whoever acts for an owner does so as this role, which sees only that owner's rows.
DO $$ BEGIN
  CREATE ROLE hypervize_tenant NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT hypervize_tenant TO CURRENT_USER;
GRANT USAGE ON SCHEMA public TO hypervize_tenant;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['endpoints', 'autoscaling', 'pricing', 'custom_domains', 'telemetry_settings',
    'endpoint_secrets', 'nodes', 'node_intervals', 'api_keys', 'endpoint_events', 'idempotency_keys'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY owner_only ON %I TO hypervize_tenant '
      'USING (owner_id = current_setting(''app.owner'', true)) '
      'WITH CHECK (owner_id = current_setting(''app.owner'', true))', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO hypervize_tenant', t);
  END LOOP;
END $$;
-- Tables without an owner column that an owner's transaction needs: signals out, traffic in.
GRANT SELECT, INSERT ON outbox TO hypervize_tenant;
GRANT SELECT ON endpoint_traffic, proxy_loads, organization TO hypervize_tenant;
