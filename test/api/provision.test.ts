import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { forOwner } from '../../db/client.ts';
import { type IdempotencyClaim, completeIdempotent, startIdempotent } from '../../db/idempotency.ts';
import { secretPlace } from '../../db/secrets.ts';
import { eventually } from '../support/eventually.ts';
import { type TestApi, type TestUser, PROVISION_BODY, errorOf, signUp, startTestApi } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
beforeAll(async () => {
  api = await startTestApi();
  ada = await signUp(api);
});
afterAll(() => api.close());

async function rows<T extends object>(table: string, endpointId: string, column = 'endpoint_id'): Promise<T[]> {
  return (await api.database.pool.query<T>(`SELECT * FROM ${table} WHERE ${column} = $1`, [endpointId])).rows;
}

const FULL_BODY = {
  model: 'bartowski/SmolLM2-135M-Instruct-GGUF',
  minNodes: 1,
  maxNodes: 3,
  name: 'support bot',
  revision: 'main',
  idleTimeoutSeconds: 5,
  provider: 'local',
  tier: 'local-cpu',
  contextLength: 4096,
  targetConcurrency: 8,
  customDomain: 'Models.Example.com',
  telemetry: { otlpEndpoint: 'https://otel.example.com/v1', headers: { 'x-api-key': 'CANARY-telemetry' } },
  huggingFaceToken: 'hf_CANARYtoken9876',
  env: { LOG_FORMAT: 'CANARY-env' },
  runtimeArgs: ['--threads', '2'],
};

describe('provisioning', () => {
  it('answers 202 with exactly the promised body', async () => {
    const answer = await ada.request('POST', '/api/provision', { body: PROVISION_BODY });
    const { endpointId } = answer.json as { endpointId: string };
    expect(answer.status).toBe(202);
    expect(endpointId).toMatch(/^endpt-[0-9a-f]{12}$/);
    expect(answer.text).toBe(
      `{"success":true,"endpointId":"${endpointId}","defaultUrl":"${api.url}/api/d/${endpointId}/chat/completions",` +
        '"message":"Endpoint provisioning initiated. You will receive an email when it is ready."}',
    );
  });

  it('writes all records, the event and the start signal together, and pokes the dispatcher', async () => {
    const pokes = api.pokes();
    const id = await ada.provision(FULL_BODY);
    expect(await rows('endpoints', id, 'id')).toMatchObject([
      {
        owner_id: ada.ownerId,
        notify_email: ada.email,
        name: 'support bot',
        status: 'building',
        power: 'on',
        generation: 1,
      },
    ]);
    expect(await rows('autoscaling', id)).toMatchObject([
      { min_nodes: 1, max_nodes: 3, idle_timeout_seconds: 5, target_concurrency: 8 },
    ]);
    expect(await rows('pricing', id)).toMatchObject([
      { tier: 'local-cpu', provider: 'local', usd_micros_per_hour: 0, currency: 'USD' },
    ]);
    expect(await rows('custom_domains', id)).toMatchObject([{ domain: 'models.example.com', state: 'pending' }]);
    expect(await rows('telemetry_settings', id)).toMatchObject([{ otlp_endpoint: 'https://otel.example.com/v1' }]);
    expect(await rows('endpoint_events', id)).toMatchObject([
      { type: 'command', actor: `user:${ada.userId}`, to_status: 'building' },
    ]);
    expect(await rows('outbox', id)).toMatchObject([{ signal: 'start', delivered_at: null }]);
    expect(api.pokes()).toBe(pokes + 1);
  });

  it('keeps secrets sealed at rest, bound to their endpoint, and never shows them again', async () => {
    const id = await ada.provision(FULL_BODY);
    const secrets = await rows<{ name: string; ciphertext: Buffer }>('endpoint_secrets', id);
    const opened = Object.fromEntries(
      secrets.map(({ name, ciphertext }) => [
        name,
        api.deps.secretBox.open(ciphertext, secretPlace.endpoint(id, name)),
      ]),
    );
    expect(opened).toEqual({
      hugging_face_token: 'hf_CANARYtoken9876',
      env: '{"LOG_FORMAT":"CANARY-env"}',
      telemetry_headers: '{"x-api-key":"CANARY-telemetry"}',
    });
    const { rows: stored } = await api.database.pool.query<{ text: string }>(
      `SELECT e::text || coalesce((SELECT string_agg(v::text, '') FROM endpoint_events v WHERE v.endpoint_id = e.id), '')
        || coalesce((SELECT string_agg(o::text, '') FROM outbox o WHERE o.endpoint_id = e.id), '') AS text FROM endpoints e WHERE id = $1`,
      [id],
    );
    const shown = await ada.request('GET', `/api/endpoints/${id}`);
    expect(stored[0]?.text).toContain(id);
    for (const text of [
      stored[0]?.text,
      shown.text,
      secrets.map((secret) => secret.ciphertext.toString('latin1')).join(),
    ]) {
      expect(text).not.toContain('CANARY');
    }
  });

  it('shows what was asked for, with secrets only named', async () => {
    const id = await ada.provision(FULL_BODY);
    const shown = await ada.request('GET', `/api/endpoints/${id}`);
    expect(shown.headers.get('etag')).toBe('"1.1"');
    expect(shown.json).toMatchObject({
      id,
      workflowId: id,
      name: 'support bot',
      model: FULL_BODY.model,
      revision: 'main',
      status: 'building',
      badge: 'BUILDING',
      degraded: false,
      nodes: { desired: 1, ready: 0, draining: 0, items: [] },
      spec: {
        minNodes: 1,
        maxNodes: 3,
        runtimeArgs: ['--threads', '2'],
        huggingFaceToken: { set: true, last4: '9876' },
        env: ['LOG_FORMAT'],
        telemetry: { otlpEndpoint: 'https://otel.example.com/v1', headers: ['x-api-key'] },
      },
      price: { usdPerHour: 0, currency: 'USD', costSoFar: 0 },
      domains: [{ domain: 'models.example.com', state: 'pending', verifiedAt: null }],
      lastRequestAt: null,
    });
  });

  it('fills in defaults: an hour idle, any provider, the name of the model', async () => {
    const shown = await ada.request('GET', `/api/endpoints/${await ada.provision()}`);
    expect(shown.json).toMatchObject({
      name: 'SmolLM2-135M-Instruct',
      revision: null,
      spec: {
        idleTimeoutSeconds: 3600,
        provider: 'auto',
        targetConcurrency: 4,
        runtimeArgs: [],
        huggingFaceToken: { set: false, last4: null },
      },
    });
  });

  it('by a key: mails go to the owner of the organization, and the key is the actor', async () => {
    const { id: keyId, key } = await ada.createKey({ scopes: ['manage'] });
    const answer = await ada.request('POST', '/api/provision', {
      body: PROVISION_BODY,
      headers: { cookie: '', authorization: `Bearer ${key}` },
    });
    expect(answer.status).toBe(202);
    const { endpointId } = answer.json as { endpointId: string };
    expect(await rows('endpoints', endpointId, 'id')).toMatchObject([
      { notify_email: ada.email, created_by: `key:${keyId}` },
    ]);
  });

  it('a domain that belongs to this installation is refused', async () => {
    const other = await startTestApi({ deps: { publicUrl: 'https://models.example.org' } });
    const bob = await signUp(other);
    const answer = await bob.request('POST', '/api/provision', {
      body: { ...PROVISION_BODY, customDomain: 'a.models.example.org' },
    });
    expect(errorOf(answer).details?.fields).toHaveProperty('customDomain');
    await other.close();
  });
});

describe('an Idempotency-Key', () => {
  let nextKey = 0;
  const newKey = () => `key-${nextKey++}`;
  const send = (key: string, body: object = PROVISION_BODY, user = ada) =>
    user.request('POST', '/api/provision', { body, headers: { 'idempotency-key': key } });
  const count = async (ownerId: string) =>
    Number(
      (await api.database.pool.query('SELECT count(*) FROM endpoints WHERE owner_id = $1', [ownerId])).rows[0].count,
    );

  it('replays the same bytes for the same body, whatever the order of its fields', async () => {
    const key = newKey();
    const first = await send(key);
    const second = await send(key, Object.fromEntries(Object.entries(PROVISION_BODY).toReversed()));
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect([second.status, second.text, second.headers.get('idempotent-replayed')]).toEqual([202, first.text, 'true']);
  });

  it('makes one endpoint of 50 requests at once; the others replay or are told to wait', async () => {
    const bob = await signUp(api, 'bob');
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(key, PROVISION_BODY, bob)));
    expect(await count(bob.ownerId)).toBe(1);
    const accepted = answers.filter((answer) => answer.status === 202);
    const waiting = answers.filter((answer) => answer.status === 409);
    expect(accepted.length + waiting.length).toBe(50);
    expect(new Set(accepted.map((answer) => answer.text)).size).toBe(1);
    expect(accepted.filter((answer) => answer.headers.get('idempotent-replayed') === null)).toHaveLength(1);
    for (const answer of waiting) {
      expect(errorOf(answer).code).toBe('idempotency_key_in_use');
      expect(answer.headers.get('retry-after')).toBe('1');
    }
  });

  it('with another body is 422 idempotency_key_reused', async () => {
    const key = newKey();
    await send(key);
    const answer = await send(key, { ...PROVISION_BODY, maxNodes: 2 });
    expect([answer.status, errorOf(answer).code]).toEqual([422, 'idempotency_key_reused']);
  });

  it("of another owner is another owner's own", async () => {
    const key = newKey();
    const bob = await signUp(api, 'bob');
    const [first, second] = [await send(key), await send(key, PROVISION_BODY, bob)];
    expect(second.status).toBe(202);
    expect(second.text).not.toBe(first.text);
  });

  it('is not used up by a request that was refused', async () => {
    const key = newKey();
    expect((await send(key, { ...PROVISION_BODY, minNodes: 5 })).status).toBe(422);
    expect((await send(key)).status).toBe(202);
  });

  it('whose first request died is taken over after a minute', async () => {
    const key = newKey();
    const claim = [ada.ownerId, 'POST /api/provision', key];
    const first = await send(key);
    // As if the process had died before it could finish.
    const setAge = (age: string) =>
      api.database.pool.query(
        `UPDATE idempotency_keys SET response_status = NULL, response_body = NULL, created_at = now() - interval '${age}' WHERE owner_id = $1 AND route = $2 AND key = $3`,
        claim,
      );
    await setAge('30 seconds');
    expect((await send(key)).status).toBe(409);
    await setAge('61 seconds');
    const again = await send(key);
    expect(again.status).toBe(202);
    expect(again.text).not.toBe(first.text);
  });

  it('cannot be completed by the one that was taken over', async () => {
    const request = {
      ownerId: ada.ownerId,
      route: 'POST /api/provision',
      key: newKey(),
      requestSha256: Buffer.alloc(32),
    };
    const start = async () => {
      const started = await startIdempotent(api.database.db, request);
      if (started.kind !== 'run') throw new Error(started.kind);
      return started.claim;
    };
    const complete = (claim: IdempotencyClaim) =>
      forOwner(api.database.db, ada.ownerId, (tx) => completeIdempotent(tx, claim, { status: 202, bodyText: '{}' }));
    const slow = await start();
    await api.database.pool.query(
      "UPDATE idempotency_keys SET created_at = created_at - interval '61 seconds' WHERE key = $1",
      [request.key],
    );
    const fast = await start();
    await expect(complete(slow)).rejects.toThrow('taken over');
    await complete(fast);
    await expect(complete(fast)).rejects.toThrow('taken over');
  });

  it('is forgotten after 24 hours', async () => {
    const key = newKey();
    const first = await send(key);
    await api.database.pool.query(
      "UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = $1",
      [key],
    );
    const again = await send(key, { ...PROVISION_BODY, maxNodes: 4 });
    expect(again.status).toBe(202);
    expect(again.text).not.toBe(first.text);
  });

  it.each([
    ['empty', ''],
    ['two words', 'a b'],
    ['too long', 'x'.repeat(256)],
  ])('that is %s is 422', async (_name, key) => {
    const answer = await send(key);
    expect([answer.status, Object.keys(errorOf(answer).details?.fields ?? {})]).toEqual([422, ['idempotency-key']]);
  });

  it('lets a repeat run after the first one failed', async () => {
    const key = newKey();
    const bob = await signUp(api, 'bob');
    // The insert fails while the table refuses it.
    await api.database.pool.query('ALTER TABLE pricing ADD CONSTRAINT broken CHECK (false) NOT VALID');
    const failed = await send(key, PROVISION_BODY, bob);
    await api.database.pool.query('ALTER TABLE pricing DROP CONSTRAINT broken');
    expect([failed.status, errorOf(failed).code, await count(bob.ownerId)]).toEqual([500, 'internal_error', 0]);
    expect(failed.text).not.toMatch(/broken|pricing/);
    const answer = await eventually(async () => {
      const next = await send(key, PROVISION_BODY, bob);
      return next.status === 202 ? next : null;
    });
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
    expect(await count(bob.ownerId)).toBe(1);
  });
});
