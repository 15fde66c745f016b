import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ENDPOINT_STATUSES, type EndpointStatus } from '../../domain/endpoint.ts';
import { putInStatus } from './support/endpoints-in.ts';
import { type TestApi, type TestUser, errorOf, signUp, startTestApi } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
let id: string;
beforeAll(async () => {
  api = await startTestApi();
  ada = await signUp(api);
});
afterAll(() => api.close());
beforeEach(async () => {
  id = await ada.provision();
  await api.database.pool.query('DELETE FROM outbox WHERE endpoint_id = $1', [id]);
  await api.database.pool.query('DELETE FROM endpoint_events WHERE endpoint_id = $1', [id]);
});

interface Wishes {
  power: string;
  wake_requested: number;
  hibernate_requested: number;
  retry_requested: number;
  force_delete: boolean;
}

async function wishes(): Promise<Wishes> {
  const { rows } = await api.database.pool.query<Wishes>(
    'SELECT power, wake_requested, hibernate_requested, retry_requested, force_delete FROM endpoints WHERE id = $1',
    [id],
  );
  return rows[0] as Wishes;
}

async function signals(): Promise<{ signal: string; payload: unknown; dedupe_key: string | null }[]> {
  const { rows } = await api.database.pool.query(
    'SELECT signal, payload, dedupe_key FROM outbox WHERE endpoint_id = $1 ORDER BY id',
    [id],
  );
  return rows;
}

const send = (command: string) =>
  command === 'delete'
    ? ada.request('DELETE', `/api/endpoints/${id}`)
    : ada.request('POST', `/api/endpoints/${id}/${command}`);

const LOOK = { signal: 'specChanged', payload: { generation: 1 }, dedupe_key: null };
const power = (to: string) => ({ wishes: { power: to }, signals: [LOOK] });

/** What a command does in a status: a wish with its signals, nothing, or a refusal. */
type Outcome =
  | { wishes: Partial<Wishes>; signals: object[] }
  | 'noop'
  | 'endpoint_paused'
  | 'endpoint_failed'
  | 'endpoint_busy'
  | 'endpoint_deleting'
  | 'gone';

const REFUSED_ALL = {
  hibernate: 'endpoint_deleting',
  wake: 'endpoint_deleting',
  pause: 'endpoint_deleting',
  resume: 'endpoint_deleting',
  retry: 'endpoint_deleting',
} as const;
const GONE = { hibernate: 'gone', wake: 'gone', pause: 'gone', resume: 'gone', retry: 'gone', delete: 'gone' } as const;
const BUSY = {
  hibernate: 'endpoint_busy',
  wake: 'noop',
  pause: power('paused'),
  resume: 'noop',
  retry: 'noop',
  delete: power('deleted'),
} as const;

const TABLE: Record<EndpointStatus, Record<string, Outcome>> = {
  building: BUSY,
  waking: BUSY,
  updating: BUSY,
  up: {
    ...BUSY,
    hibernate: { wishes: { hibernate_requested: 1 }, signals: [LOOK] },
  },
  hibernated: {
    ...BUSY,
    hibernate: 'noop',
    wake: {
      wishes: { wake_requested: 1 },
      signals: [{ signal: 'wake', payload: { sleepGeneration: 1 }, dedupe_key: 'wake:ID:1' }],
    },
  },
  paused: {
    hibernate: 'endpoint_paused',
    wake: 'endpoint_paused',
    pause: 'noop',
    resume: power('on'),
    retry: 'endpoint_paused',
    delete: power('deleted'),
  },
  failed: {
    hibernate: 'endpoint_failed',
    wake: 'endpoint_failed',
    pause: power('paused'),
    resume: 'noop',
    retry: { wishes: { retry_requested: 1 }, signals: [{ signal: 'start', payload: {}, dedupe_key: null }, LOOK] },
    delete: power('deleted'),
  },
  deleting: { ...REFUSED_ALL, delete: 'noop' },
  deleted: GONE,
};

const CASES = ENDPOINT_STATUSES.flatMap((status) =>
  Object.entries(TABLE[status]).map(([command, outcome]): [string, EndpointStatus, Outcome] => [
    command,
    status,
    outcome,
  ]),
);

describe('a command', () => {
  it.each(CASES)('%s while %s', async (command, status, outcome) => {
    await putInStatus(api, id, status);
    const before = await wishes();
    const answer = await send(command);
    if (outcome === 'gone') {
      expect([answer.status, errorOf(answer).code]).toEqual([404, 'endpoint_not_found']);
    } else if (outcome === 'noop') {
      expect([answer.status, answer.json]).toMatchObject([
        202,
        { success: true, endpointId: id, message: expect.stringMatching(/^Nothing to do/) },
      ]);
      expect(await wishes()).toEqual(before);
    } else if (typeof outcome === 'string') {
      expect([answer.status, errorOf(answer).code]).toEqual([409, outcome]);
      expect(errorOf(answer).message).toMatch(/^"SmolLM2-135M-Instruct" .*\.$/);
      expect(await wishes()).toEqual(before);
      expect(await signals()).toEqual([]);
    } else {
      expect([answer.status, answer.json]).toMatchObject([202, { success: true, endpointId: id }]);
      expect(await wishes()).toEqual({ ...before, ...outcome.wishes });
      expect(JSON.parse(JSON.stringify(await signals()).replaceAll(id, 'ID'))).toEqual(outcome.signals);
      const { rows: events } = await api.database.pool.query(
        'SELECT type, actor, details FROM endpoint_events WHERE endpoint_id = $1',
        [id],
      );
      expect(events).toEqual([{ type: 'command', actor: `user:${ada.userId}`, details: { command } }]);
    }
  });

  it('never writes what belongs to the lifecycle', async () => {
    const status = async () =>
      (
        await api.database.pool.query(
          'SELECT status, stage, version, since, generation, observed_generation FROM endpoints WHERE id = $1',
          [id],
        )
      ).rows;
    const before = await status();
    for (const command of ['wake', 'hibernate', 'pause', 'resume', 'retry', 'delete']) await send(command);
    expect(await status()).toEqual(before);
  });
});

describe('waking', () => {
  it('is one signal per sleep, however many ask', async () => {
    await putInStatus(api, id, 'hibernated');
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('wake')));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    expect(await signals()).toHaveLength(1);
    await putInStatus(api, id, 'hibernated', { sleep_generation: 2 });
    await send('wake');
    expect((await signals()).map((row) => row.dedupe_key)).toEqual([`wake:${id}:1`, `wake:${id}:2`]);
  });
});

describe('deleting', () => {
  it('is shown at once, accepted again, and wins over every later wish', async () => {
    await putInStatus(api, id, 'up');
    expect((await send('delete')).status).toBe(202);
    expect((await ada.request('GET', `/api/endpoints/${id}`)).json).toMatchObject({
      status: 'deleting',
      badge: 'DELETING',
    });
    expect((await send('delete')).status).toBe(202);
    expect((await send('resume')).status).toBe(409);
    expect(await wishes()).toMatchObject({ power: 'deleted' });
  });

  it('asked for again tells the lifecycle again, once a minute at most', async () => {
    await putInStatus(api, id, 'up');
    for (let i = 0; i < 5; i++) await send('delete');
    // Five requests may straddle a minute.
    expect((await signals()).length).toBeGreaterThanOrEqual(2);
    expect((await signals()).length).toBeLessThanOrEqual(3);
  });

  it('by force is remembered, also when it was asked for before', async () => {
    await putInStatus(api, id, 'up');
    await send('delete');
    expect(await wishes()).toMatchObject({ force_delete: false });
    const before = (await signals()).length;
    expect((await ada.request('DELETE', `/api/endpoints/${id}?force=true`)).status).toBe(202);
    expect(await wishes()).toMatchObject({ force_delete: true });
    expect(await signals()).toHaveLength(before + 1);
    expect((await ada.request('DELETE', `/api/endpoints/${id}?force=maybe`)).status).toBe(422);
  });

  it('is answered in time whatever else is going on', async () => {
    const answers = await Promise.all(
      ['pause', 'resume', 'wake', 'delete', 'delete', 'hibernate', 'retry', 'pause', 'resume'].map(send),
    );
    expect(answers.filter((answer) => answer.status >= 500)).toEqual([]);
    expect(await wishes()).toMatchObject({ power: 'deleted' });
  });

  it('once done, the endpoint is in no list and answers 404', async () => {
    await putInStatus(api, id, 'deleted');
    expect((await ada.request('GET', '/api/endpoints?limit=100')).text).not.toContain(id);
    for (const path of ['', '/events', '/logs', '/usage']) {
      expect((await ada.request('GET', `/api/endpoints/${id}${path}`)).status).toBe(404);
    }
    // What it cost is still told.
    expect((await ada.request('GET', '/api/usage')).status).toBe(200);
  });
});
