-- The runtime's last output lines of each node, copied here by the lifecycle (the API talks to no provider).
-- One row per node, overwritten; secrets are redacted before they arrive, prompts are never in them.
CREATE TABLE node_logs (
  node_id      text PRIMARY KEY REFERENCES nodes (id),
  endpoint_id  text NOT NULL,
  owner_id     text NOT NULL,
  lines        text[] NOT NULL DEFAULT '{}',
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX node_logs_by_endpoint ON node_logs (endpoint_id);
ALTER TABLE node_logs ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON node_logs TO hypervize_tenant
  USING (owner_id = current_setting('app.owner', true))
  WITH CHECK (owner_id = current_setting('app.owner', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON node_logs TO hypervize_tenant;
