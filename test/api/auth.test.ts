import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from '../support/api-client.ts';
import { type TestApi, errorOf, signUp, startTestApi } from './support/test-api.ts';

describe('signing up and in', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    request(`${api.url}/api/auth${path}`, 'POST', { body, headers: { origin: api.url, ...headers } });

  it('makes a personal organization that its user owns', async () => {
    const ada = await signUp(api);
    const me = await ada.request('GET', '/api/me');
    expect(me.json).toEqual({
      user: { id: ada.userId, email: ada.email, name: 'ada' },
      organizations: [{ id: ada.ownerId, name: 'ada', role: 'owner', active: true }],
    });
  });

  it('makes the organization on first use when sign-up was cut short', async () => {
    const ada = await signUp(api);
    await api.database.pool.query('DELETE FROM organization WHERE id = $1', [ada.ownerId]);
    const answers = await Promise.all(Array.from({ length: 5 }, () => ada.request('GET', '/api/me')));
    const ids = answers.map((answer) =>
      (answer.json as { organizations: { id: string }[] }).organizations.map(({ id }) => id),
    );
    expect(new Set(ids.map(String)).size).toBe(1);
    expect(ids[0]).toHaveLength(1);
  });

  it('never puts the session token into a body', async () => {
    const ada = await signUp(api);
    const token = decodeURIComponent(/session_token=([^;]+)/.exec(ada.cookie)?.[1] ?? '').split('.')[0] ?? '';
    expect(token.length).toBeGreaterThan(20);
    const answers = await Promise.all([
      post('/sign-in/email', { email: ada.email, password: ada.password }),
      ada.request('GET', '/api/auth/get-session'),
      ada.request('GET', '/api/auth/list-sessions'),
      ada.request('GET', '/api/me'),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain('"token"');
      expect(answer.text).not.toContain(token);
    }
  });

  it('sets an HttpOnly, SameSite=Lax cookie, and ends the session at sign-out', async () => {
    const ada = await signUp(api);
    const signedIn = await post('/sign-in/email', { email: ada.email, password: ada.password });
    const line = signedIn.headers.getSetCookie().find((cookie) => cookie.includes('session_token')) ?? '';
    expect(line).toMatch(/^hypervize\.session_token=/);
    expect(line).toMatch(/HttpOnly/i);
    expect(line).toMatch(/SameSite=Lax/i);
    const cookie = line.split(';')[0] ?? '';
    const headers = { cookie, origin: api.url };
    expect((await request(`${api.url}/api/me`, 'GET', { headers })).status).toBe(200);
    expect((await request(`${api.url}/api/auth/sign-out`, 'POST', { headers })).status).toBe(200);
    expect((await request(`${api.url}/api/me`, 'GET', { headers })).status).toBe(401);
  });

  it('says a wrong password and an unknown e-mail the same way, in the usual error shape', async () => {
    const ada = await signUp(api);
    const wrong = await post('/sign-in/email', { email: ada.email, password: 'not the password' });
    const unknown = await post('/sign-in/email', { email: 'nobody@example.test', password: 'not the password' });
    expect(wrong.status).toBe(401);
    expect(errorOf(wrong)).toEqual(errorOf(unknown));
    expect(errorOf(wrong).code).toBe('unauthenticated');
    expect(wrong.json).toMatchObject({ success: false, requestId: wrong.headers.get('x-request-id') });
  });

  it('limits sign-in attempts by the address that our own edge wrote, whatever the client claims', async () => {
    const attempt = (ip: string, forwarded: string) =>
      post(
        '/sign-in/email',
        { email: 'x@example.test', password: 'wrong wrong' },
        {
          'x-test-client-ip': ip,
          'x-forwarded-for': forwarded,
          'x-hypervize-client-ip': forwarded,
        },
      );
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++) statuses.push((await attempt('10.9.9.9', `1.2.3.${i}`)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    const limited = await attempt('10.9.9.9', '9.9.9.9');
    expect(errorOf(limited).code).toBe('rate_limit_exceeded');
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await attempt('10.9.9.10', '1.2.3.4')).status).toBe(401);
  });

  it.each([
    ['a foreign Origin', { origin: 'https://evil.test' }],
    ['a null Origin', { origin: 'null' }],
    ['a cross-site request', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses sign-in from %s', async (_name, headers) => {
    const answer = await post('/sign-in/email', { email: 'x@example.test', password: 'wrong wrong' }, headers);
    expect([answer.status, errorOf(answer).code]).toEqual([403, 'origin_not_allowed']);
  });

  it('answers an unknown path of sign-in in the usual error shape', async () => {
    const answer = await request(`${api.url}/api/auth/nothing-here`, 'GET');
    expect([answer.status, errorOf(answer).code]).toEqual([404, 'not_found']);
  });
});
