import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { appendEvent } from '../../db/events.ts';
import { eventually } from '../support/eventually.ts';
import { addNode, putInStatus } from './support/endpoints-in.ts';
import { type EventSource, openEventSource } from './support/event-source.ts';
import { type TestApi, type TestUser, signUp, startTestApi } from './support/test-api.ts';

let api: TestApi;
let ada: TestUser;
let id: string;
const open: EventSource[] = [];

beforeAll(async () => {
  api = await startTestApi();
  ada = await signUp(api);
});
afterAll(async () => {
  for (const source of open) source.close();
  await api.close();
});
beforeEach(async () => {
  id = await ada.provision();
});

const append = (message: string, more: { toStatus?: string } = {}) =>
  appendEvent(api.database.db, {
    endpointId: id,
    ownerId: ada.ownerId,
    type: 'transition',
    actor: 'lifecycle',
    message,
    ...more,
  });

async function listen(headers: Record<string, string> = {}): Promise<EventSource> {
  const source = await openEventSource(`${api.url}/api/endpoints/${id}/events`, { cookie: ada.cookie, ...headers });
  open.push(source);
  return source;
}

const messages = (source: EventSource) => source.frames.map((frame) => (frame.data as { message: string }).message);

describe('the timeline', () => {
  it('is told oldest first, with who did what and why', async () => {
    await append('Now building.', { toStatus: 'building' });
    const answer = await ada.request('GET', `/api/endpoints/${id}/events`);
    expect(answer.json).toMatchObject({
      items: [
        { type: 'command', actor: `user:${ada.userId}`, from: null, to: 'building' },
        { type: 'transition', actor: 'lifecycle', message: 'Now building.' },
      ],
      nextCursor: null,
    });
  });

  it('is read in pages without a gap or a repeat', async () => {
    for (let i = 0; i < 7; i++) await append(`event ${i}`);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await ada.request('GET', `/api/endpoints/${id}/events?limit=3${cursor}`)).json as {
        items: { message: string }[];
        nextCursor: string | null;
      };
      seen.push(...page.items.map((item) => item.message));
      cursor = page.nextCursor ? `&cursor=${page.nextCursor}` : '';
    } while (cursor);
    expect(seen.slice(1)).toEqual(Array.from({ length: 7 }, (_, i) => `event ${i}`));
  });
});

describe('the live timeline', () => {
  it('tells what was and then what happens, as it happens', async () => {
    const source = await listen();
    expect([source.status, source.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await eventually(() => source.frames.length === 1);
    await append('first');
    await append('second');
    await eventually(() => source.frames.length === 3);
    expect(messages(source).slice(1)).toEqual(['first', 'second']);
    expect(source.frames.map((frame) => frame.id)).toEqual(
      source.frames.map((frame) => String((frame.data as { seq: number }).seq)),
    );
  });

  it('goes on after the last event that the client has seen', async () => {
    await append('seen');
    const before = await listen();
    await eventually(() => before.frames.length === 2);
    before.close();
    await append('missed');
    const after = await listen({ 'last-event-id': String(before.frames[1]?.id) });
    await eventually(() => after.frames.length === 1);
    await append('live');
    await eventually(() => after.frames.length === 2);
    expect(messages(after)).toEqual(['missed', 'live']);
  });

  it('tells an event that was committed after a later one', async () => {
    const source = await listen();
    await eventually(() => source.frames.length === 1);
    const client = await api.database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(
        "INSERT INTO endpoint_events (endpoint_id, owner_id, type, actor, message) VALUES ($1, $2, 'node', 'lifecycle', 'slow')",
        [id, ada.ownerId],
      );
      await append('quick');
      await eventually(() => messages(source).includes('quick'));
      await client.query('COMMIT');
    } finally {
      client.release();
    }
    await eventually(() => messages(source).includes('slow'));
    expect(messages(source).slice(1)).toEqual(['quick', 'slow']);
  });

  it('tells hundreds of events, each once and in order', async () => {
    const total = 450;
    for (let i = 0; i < total; i++) await append(`event ${i}`);
    const source = await listen();
    await eventually(() => source.frames.length === total + 1);
    expect(messages(source).slice(1)).toEqual(Array.from({ length: total }, (_, i) => `event ${i}`));
  });

  it('ends when the endpoint is deleted, after telling so', async () => {
    const source = await listen();
    await eventually(() => source.frames.length === 1);
    await putInStatus(api, id, 'deleted');
    await append('Gone.', { toStatus: 'deleted' });
    await eventually(() => source.ended());
    expect(messages(source).at(-1)).toBe('Gone.');
  });

  it('does not outlive the client', async () => {
    const source = await listen();
    await eventually(() => source.frames.length === 1);
    source.close();
    await append('nobody hears this');
    await eventually(() => source.ended());
  });

  it('refuses a Last-Event-ID that is none', async () => {
    expect((await listen({ 'last-event-id': 'DROP TABLE' })).status).toBe(422);
  });
});

describe('logs', () => {
  it("are the nodes' last lines, the newest node last, as many as asked for", async () => {
    const endpoint = { id, ownerId: ada.ownerId };
    await addNode(api, endpoint, { state: 'terminated', lines: ['old 1', 'old 2'], endedAt: new Date() });
    await addNode(api, endpoint, { lines: ['new 1', 'new 2', 'new 3'] });
    const read = async (query = '') =>
      ((await ada.request('GET', `/api/endpoints/${id}/logs${query}`)).json as { items: string[] }).items;
    expect(await read()).toEqual(['old 1', 'old 2', 'new 1', 'new 2', 'new 3']);
    expect(await read('?lines=2')).toEqual(['new 2', 'new 3']);
  });

  it('are an empty list before there is a node', async () => {
    expect((await ada.request('GET', `/api/endpoints/${id}/logs`)).json).toEqual({ items: [] });
  });
});
