/**
 * The behaviour that every provider must show, as data: a test file runs the list against each of them.
 * What differs between providers (how a machine is killed, how its disk is told) is the fixture's.
 *
 * Checks do not sleep; where a provider needs time to tell the truth they ask until `fixture.patienceMs`.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CapacityProvider, NodeObservation, NodeSpec } from './provider.ts';

export interface ProviderFixture {
  installationId: string;
  /** How long a machine may take to serve, and the provider to tell of a change. */
  patienceMs: number;
  /** A new provider object over the same account, as after a restart of the worker. */
  provider(): CapacityProvider;
  /** A spec that serves, with a new token each time. */
  spec(overrides?: Partial<NodeSpec>): NodeSpec;
  /** Ends a machine behind the provider's back, as a crash or a reclaimed spot machine would. */
  kill(observation: NodeObservation): Promise<void>;
  /** Names the disk of a node, so that it can be told to be the same; null when there is none. */
  diskOf(token: string): Promise<string | null>;
  /** Everything that still exists of a node: processes, machines, disks. */
  leftovers(token: string): Promise<string[]>;
  /** Status of a request that needs the node's secret. Throws when nobody listens. */
  request(address: string, secret: string | null): Promise<number>;
  /** Makes the node write this to its output. */
  writeToLog(address: string, spec: NodeSpec): Promise<void>;
}

export interface ContractCheck {
  name: string;
  run(fixture: ProviderFixture): Promise<void>;
}

export const providerContract: readonly ContractCheck[] = [
  {
    name: 'the same token twice is one machine',
    async run(fixture) {
      const spec = fixture.spec();
      const first = await fixture.provider().launch(spec);
      const second = await fixture.provider().launch(spec);
      assert.equal(second.ref, first.ref);
      assert.equal(second.launchedAt, first.launchedAt);
      assert.equal((await withToken(fixture, spec)).length, 1);
    },
  },
  {
    name: 'two launches at the same time are one machine',
    async run(fixture) {
      const spec = fixture.spec();
      const observations = await Promise.all([1, 2, 3].map(() => fixture.provider().launch(spec)));
      assert.equal(new Set(observations.map((node) => node.ref)).size, 1);
      await serving(fixture, spec);
      assert.equal((await withToken(fixture, spec)).length, 1);
      await fixture.provider().release(spec.token);
      assert.deepEqual(await fixture.leftovers(spec.token), []);
    },
  },
  {
    name: 'an unknown token is described as nothing, and stopping or releasing it does no harm',
    async run(fixture) {
      const { token } = fixture.spec();
      assert.equal(await fixture.provider().describe(token), null);
      assert.equal(await fixture.provider().stop(token, 1), null);
      await fixture.provider().release(token);
      assert.deepEqual(await fixture.provider().logs(token, 10), []);
    },
  },
  {
    name: 'an observation names the endpoint, the node and the token',
    async run(fixture) {
      const spec = fixture.spec();
      const node = await fixture.provider().launch(spec);
      assert.deepEqual([node.endpointId, node.nodeId, node.token], [spec.endpointId, spec.nodeId, spec.token]);
      assert.ok(Date.parse(node.launchedAt) <= Date.now());
    },
  },
  {
    name: 'the secret is demanded',
    async run(fixture) {
      const spec = fixture.spec();
      await fixture.provider().launch(spec);
      const { address } = await serving(fixture, spec);
      assert.equal(await fixture.request(address, null), 401);
      assert.equal(await fixture.request(address, 'not-the-secret'), 401);
      assert.equal(await fixture.request(address, spec.secret), 200);
    },
  },
  {
    name: 'a stop keeps the disk and may be repeated',
    async run(fixture) {
      const spec = fixture.spec();
      await fixture.provider().launch(spec);
      const { address } = await serving(fixture, spec);
      const disk = await fixture.diskOf(spec.token);
      assert.ok(disk);
      const stopped = await fixture.provider().stop(spec.token, 5);
      assert.equal(stopped?.state, 'stopped');
      assert.equal(stopped.address, null);
      assert.ok(stopped.stoppedAt && Date.parse(stopped.stoppedAt) >= Date.parse(stopped.startedAt ?? ''));
      await assert.rejects(fixture.request(address, spec.secret));
      const again = await fixture.provider().stop(spec.token, 5);
      assert.deepEqual(again, stopped);
      assert.equal(await fixture.diskOf(spec.token), disk);
    },
  },
  {
    name: 'a start after a stop serves again on the same disk, at the address that is then told',
    async run(fixture) {
      const spec = fixture.spec();
      await fixture.provider().launch(spec);
      await serving(fixture, spec);
      const disk = await fixture.diskOf(spec.token);
      const stopped = await fixture.provider().stop(spec.token, 5);
      await fixture.provider().start(spec);
      const { node, address } = await serving(fixture, spec);
      assert.equal(node.state, 'running');
      assert.equal(node.stoppedAt, null);
      assert.ok(Date.parse(node.startedAt ?? '') >= Date.parse(stopped?.stoppedAt ?? ''));
      assert.equal(await fixture.request(address, spec.secret), 200);
      assert.equal(await fixture.diskOf(spec.token), disk);
    },
  },
  {
    name: 'a start leaves a running machine alone',
    async run(fixture) {
      const spec = fixture.spec();
      await fixture.provider().launch(spec);
      const before = await serving(fixture, spec);
      const started = await fixture.provider().start(spec);
      assert.equal(started.startedAt, before.node.startedAt);
      assert.equal(started.address, before.address);
    },
  },
  {
    name: 'a launch of a stopped token does not start it and makes no second machine',
    async run(fixture) {
      const spec = fixture.spec();
      await fixture.provider().launch(spec);
      await serving(fixture, spec);
      await fixture.provider().stop(spec.token, 5);
      assert.equal((await fixture.provider().launch(spec)).state, 'stopped');
      assert.equal((await withToken(fixture, spec)).length, 1);
    },
  },
  {
    name: 'a release leaves nothing, whether it runs or is stopped, and may be repeated',
    async run(fixture) {
      const [running, stopped] = [fixture.spec(), fixture.spec()];
      for (const spec of [running, stopped]) await fixture.provider().launch(spec);
      await serving(fixture, running);
      await fixture.provider().stop(stopped.token, 5);
      for (const spec of [running, stopped, running]) {
        await fixture.provider().release(spec.token);
        assert.equal(isGone(await fixture.provider().describe(spec.token)), true);
        assert.deepEqual(await fixture.leftovers(spec.token), []);
      }
    },
  },
  {
    name: 'the list holds all of this installation, stopped ones too, and none of another',
    async run(fixture) {
      const [running, stopped] = [fixture.spec(), fixture.spec()];
      const foreign = fixture.spec({ installationId: `not-${fixture.installationId}` });
      for (const spec of [running, stopped, foreign]) await fixture.provider().launch(spec);
      await fixture.provider().stop(stopped.token, 5);
      const tokens = (await fixture.provider().list(fixture.installationId)).map((node) => node.token);
      assert.ok(tokens.includes(running.token));
      assert.ok(tokens.includes(stopped.token));
      assert.ok(!tokens.includes(foreign.token));
      await fixture.provider().release(foreign.token);
    },
  },
  {
    name: 'a restarted worker sees and controls what the one before launched',
    async run(fixture) {
      const spec = fixture.spec();
      const launched = await fixture.provider().launch(spec);
      const { node } = await serving(fixture, spec);
      assert.equal(node.ref, launched.ref);
      assert.equal((await fixture.provider().stop(spec.token, 5))?.state, 'stopped');
      await fixture.provider().release(spec.token);
      assert.deepEqual(await fixture.leftovers(spec.token), []);
    },
  },
  {
    name: 'a machine that died is not described as running, and can be started again',
    async run(fixture) {
      const spec = fixture.spec();
      await fixture.provider().launch(spec);
      const { node } = await serving(fixture, spec);
      await fixture.kill(node);
      const dead = await until(fixture, 'the death is told', async () => {
        const seen = await fixture.provider().describe(spec.token);
        return seen?.state === 'running' ? null : { seen };
      });
      assert.ok(dead.seen === null || dead.seen.state === 'stopped' || dead.seen.state === 'terminated');
      if (dead.seen?.state !== 'stopped') return;
      assert.ok(dead.seen.stoppedAt);
      await fixture.provider().start(spec);
      await serving(fixture, spec);
    },
  },
  {
    name: 'logs are the last lines, without the secrets',
    async run(fixture) {
      const spec = fixture.spec({
        huggingFaceToken: 'hf_contractcontractcontract',
        env: { ACCESS_WORD: 'open-sesame-please' },
      });
      await fixture.provider().launch(spec);
      const { address } = await serving(fixture, spec);
      await fixture.writeToLog(address, spec);
      const lines = await until(fixture, 'the log has lines', async () => {
        const seen = await fixture.provider().logs(spec.token, 200);
        return seen.some((line) => line.includes('[redacted]')) ? seen : null;
      });
      for (const secret of [spec.secret, 'hf_contractcontractcontract', 'open-sesame-please']) {
        assert.ok(!lines.join('\n').includes(secret));
      }
      assert.deepEqual(await fixture.provider().logs(spec.token, 1), lines.slice(-1));
    },
  },
];

async function serving(fixture: ProviderFixture, spec: NodeSpec): Promise<{ node: NodeObservation; address: string }> {
  return until(fixture, 'the node serves', async () => {
    const node = await fixture.provider().describe(spec.token);
    if (!node?.address) return null;
    const status = await fixture.request(node.address, spec.secret).catch(() => null);
    return status === 200 ? { node, address: node.address } : null;
  });
}

async function withToken(fixture: ProviderFixture, spec: NodeSpec): Promise<NodeObservation[]> {
  const nodes = await fixture.provider().list(fixture.installationId);
  return nodes.filter((node) => node.token === spec.token && !isGone(node));
}

function isGone(node: NodeObservation | null): boolean {
  return node === null || node.state === 'terminated';
}

async function until<T>(fixture: ProviderFixture, what: string, ask: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + fixture.patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${fixture.patienceMs} ms: ${what}`);
    await sleep(50);
  }
}
