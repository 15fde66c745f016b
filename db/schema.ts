/**
 * The tables as kysely types. The SQL in migrations/ is the truth; this file follows it.
 */
import type { ColumnType, Generated } from 'kysely';
import type {
  EndpointSpec,
  EndpointStatus,
  NodeState,
  PlacementCandidate,
  Power,
  ProviderName,
} from '../domain/endpoint.ts';
import type { SizingPlan } from '../domain/sizing/plan.ts';

/** A timestamptz: read as Date, written as Date or by its default. */
type Timestamp = ColumnType<Date, Date | undefined, Date>;
type NullableTimestamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
/** jsonb: read parsed, written as JSON text. */
type Json<T> = ColumnType<T, string, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;
/** bigint that fits a double: parsed to number by the client (see client.ts). */
type BigInt8 = number;

export interface InstallationTable {
  singleton: Generated<boolean>;
  id: Generated<string>;
  created_at: Timestamp;
}

export interface EndpointsTable {
  id: string;
  owner_id: string;
  created_by: string;
  notify_email: string | null;
  created_at: Timestamp;
  name: string;
  spec: Json<EndpointSpec>;
  generation: Generated<number>;
  power: Generated<Power>;
  force_delete: Generated<boolean>;
  wake_requested: Generated<number>;
  hibernate_requested: Generated<number>;
  retry_requested: Generated<number>;
  status: Generated<EndpointStatus>;
  stage: string | null;
  stage_progress: number | null;
  status_reason: string | null;
  status_message: Generated<string>;
  since: Timestamp;
  expected_ready_at: NullableTimestamp;
  version: Generated<BigInt8>;
  observed_generation: Generated<number>;
  sleep_generation: Generated<number>;
  failure_generation: Generated<number>;
  first_up_at: NullableTimestamp;
  degraded_reason: string | null;
  degraded_message: string | null;
  sizing: NullableJson<SizingPlan>;
  last_update: NullableJson<{ state: string; reason: string | null }>;
  deleted_at: NullableTimestamp;
}

export interface AutoscalingTable {
  endpoint_id: string;
  owner_id: string;
  min_nodes: number;
  max_nodes: number;
  idle_timeout_seconds: number;
  target_concurrency: number;
}

export interface PricingTable {
  endpoint_id: string;
  owner_id: string;
  tier: string;
  provider: string;
  usd_micros_per_hour: BigInt8 | null;
  currency: Generated<string>;
  source: string;
  captured_at: Timestamp;
}

export interface CustomDomainsTable {
  domain: string;
  endpoint_id: string;
  owner_id: string;
  challenge_token: string;
  state: Generated<string>;
  created_at: Timestamp;
  verified_at: NullableTimestamp;
}

export interface TelemetrySettingsTable {
  endpoint_id: string;
  owner_id: string;
  otlp_endpoint: string;
}

export type EndpointSecretName = 'hugging_face_token' | 'env' | 'telemetry_headers';

export interface EndpointSecretsTable {
  endpoint_id: string;
  owner_id: string;
  name: EndpointSecretName;
  ciphertext: Buffer;
}

export interface NodesTable {
  id: string;
  endpoint_id: string;
  owner_id: string;
  slot: number;
  epoch: number;
  generation: number;
  token: string;
  provider: ProviderName;
  candidate: Json<PlacementCandidate>;
  provider_ref: string | null;
  address: string | null;
  secret_ciphertext: Buffer;
  state: Generated<NodeState>;
  reason: string | null;
  created_at: Timestamp;
  ready_at: NullableTimestamp;
  released_at: NullableTimestamp;
  updated_at: Timestamp;
}

export interface NodeIntervalsTable {
  id: Generated<BigInt8>;
  node_id: string;
  endpoint_id: string;
  owner_id: string;
  usd_micros_per_hour: BigInt8 | null;
  started_at: ColumnType<Date, Date, Date>;
  ended_at: NullableTimestamp;
}

export interface NodeLogsTable {
  node_id: string;
  endpoint_id: string;
  owner_id: string;
  lines: string[];
  updated_at: Timestamp;
}

export interface ApiKeysTable {
  id: string;
  owner_id: string;
  created_by: string;
  name: string;
  secret_sha256: Buffer;
  last4: string;
  scopes: string[];
  endpoint_ids: string[] | null;
  created_at: Timestamp;
  expires_at: NullableTimestamp;
  revoked_at: NullableTimestamp;
  last_used_at: NullableTimestamp;
}

export type EventType = 'transition' | 'stage' | 'attempt' | 'command' | 'node' | 'mail';

export interface EndpointEventsTable {
  seq: Generated<BigInt8>;
  endpoint_id: string;
  owner_id: string;
  at: Timestamp;
  type: EventType;
  /** `lifecycle`, `proxy`, `monitor`, `reaper`, `user:<id>` or `key:<id>`. */
  actor: string;
  from_status: string | null;
  to_status: string | null;
  stage: string | null;
  reason: string | null;
  message: string;
  details: NullableJson<Record<string, unknown>>;
  run_id: string | null;
}

export interface OutboxTable {
  id: Generated<BigInt8>;
  endpoint_id: string;
  /** `start`, or the name of a lifecycle signal. */
  signal: string;
  payload: Json<Record<string, unknown>>;
  dedupe_key: string | null;
  created_at: Timestamp;
  attempts: Generated<number>;
  next_attempt_at: Timestamp;
  delivered_at: NullableTimestamp;
  last_error: string | null;
}

export type MailEvent = 'ready' | 'failed' | 'update_failed';

export interface MailOutboxTable {
  id: Generated<string>;
  endpoint_id: string;
  owner_id: string;
  event: MailEvent;
  dedupe_key: string;
  recipient: string;
  data: Json<MailData>;
  created_at: Timestamp;
  sent_at: NullableTimestamp;
  message_id: string | null;
  attempts: Generated<number>;
  last_error: string | null;
}

/** What a mail is rendered from; no secret, no prompt. */
export interface MailData {
  name: string;
  model: string;
  reason: string | null;
  message: string;
}

export interface IdempotencyKeysTable {
  owner_id: string;
  route: string;
  key: string;
  request_sha256: Buffer;
  response_status: number | null;
  response_body: NullableJson<unknown>;
  created_at: Timestamp;
}

export interface ProxiesTable {
  id: string;
  heartbeat_at: Timestamp;
}

export interface ProxyLoadsTable {
  proxy_id: string;
  endpoint_id: string;
  in_flight: number;
  held: number;
  seen_version: BigInt8;
  reported_at: Timestamp;
}

export interface EndpointTrafficTable {
  endpoint_id: string;
  last_request_at: ColumnType<Date, Date, Date>;
}

export interface OrphanSightingsTable {
  provider: string;
  token: string;
  ref: string;
  first_seen_at: Timestamp;
  times_seen: Generated<number>;
}

export interface HubReadingsTable {
  hub_url: string;
  model: string;
  /** Empty for the default branch. */
  revision: string;
  visible_to: string;
  reading: Json<unknown>;
  checked_at: Timestamp;
}

export interface MachinesTable {
  provider: ProviderName;
  tier: string | null;
  usable_memory_bytes: BigInt8 | null;
  candidates: NullableJson<PlacementCandidate[]>;
  recorded_at: Timestamp;
}

/** The columns of better-auth's tables that we read ourselves. */
export interface UserTable {
  id: string;
  name: string;
  email: string;
}
export interface OrganizationTable {
  id: string;
  name: string;
  slug: string;
  createdAt: ColumnType<Date, Date, Date>;
  metadata: string | null;
}
export interface MemberTable {
  id: string;
  organizationId: string;
  userId: string;
  role: string;
  createdAt: ColumnType<Date, Date, Date>;
}

export interface Database {
  installation: InstallationTable;
  endpoints: EndpointsTable;
  autoscaling: AutoscalingTable;
  pricing: PricingTable;
  custom_domains: CustomDomainsTable;
  telemetry_settings: TelemetrySettingsTable;
  endpoint_secrets: EndpointSecretsTable;
  nodes: NodesTable;
  node_intervals: NodeIntervalsTable;
  node_logs: NodeLogsTable;
  api_keys: ApiKeysTable;
  endpoint_events: EndpointEventsTable;
  outbox: OutboxTable;
  mail_outbox: MailOutboxTable;
  idempotency_keys: IdempotencyKeysTable;
  proxies: ProxiesTable;
  proxy_loads: ProxyLoadsTable;
  endpoint_traffic: EndpointTrafficTable;
  orphan_sightings: OrphanSightingsTable;
  hub_readings: HubReadingsTable;
  machines: MachinesTable;
  user: UserTable;
  organization: OrganizationTable;
  member: MemberTable;
}
