import { signUp, story, type Answer, type Owner } from '../../support/api-client.ts';
import { describeChat } from '../../support/chat-client.ts';
import { eventually } from '../../support/eventually.ts';
import { pause, rounds } from '../../support/pace.ts';
import type { Part, Product } from '../../support/product.ts';
import { expectTidyWorld } from './tidy-world.ts';

const ENDPOINTS = 4;
const STEPS = 40;
const PARTS: readonly Part[] = ['worker', 'api', 'postgres', 'temporal'];
const COMMANDS = ['hibernate', 'wake', 'pause', 'resume', 'retry'] as const;

/**
 * Commands, requests, deletes and crashes in random order. In the end the world is tidy, and every endpoint
 * that its owner did not pause or delete answers. ACCEPTANCE_SEED repeats a walk.
 */
export async function randomWalk(product: Product): Promise<void> {
  const seed = Number(process.env['ACCEPTANCE_SEED'] ?? Date.now() % 1_000_000);
  const trail: string[] = [];
  try {
    const owner = await signUp(product.baseUrl, 'walk');
    await walk(product, owner, randomFrom(seed), trail);
  } catch (cause) {
    throw new Error(`the walk with ACCEPTANCE_SEED=${seed} ended badly: ${String(cause)}\n${trail.join('\n')}`, {
      cause,
    });
  }
}

async function walk(product: Product, owner: Owner, random: () => number, trail: string[]): Promise<void> {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const paused = new Map<string, boolean>();
  const ids: string[] = [];
  const chats: Promise<unknown>[] = [];
  const note = (what: string, id = '') => trail.push(`  ${new Date().toISOString()} ${what} ${id}`);
  const provision = async () => {
    const env = { SCRIPT_LOAD_SECONDS: String(Math.floor(random() * 3)) };
    const id = await eventually(() => owner.provision({ idleTimeoutSeconds: 5, env }), { timeoutMs: 15_000 });
    note('provision', id);
    ids.push(id);
  };
  for (let step = 0; step < STEPS * rounds(1); step += 1) {
    if (ids.length < ENDPOINTS) await provision();
    const dice = random();
    const id = pick(ids);
    if (dice < 0.06) {
      const part = pick(PARTS);
      note(`kill ${part}`);
      await product.crash(part);
    } else if (dice < 0.14) {
      note('delete', id);
      await accepted(() => owner.delete(id));
      ids.splice(ids.indexOf(id), 1);
      paused.delete(id);
    } else if (dice < 0.55) {
      note('chat', id);
      chats.push(owner.chat(id, { stream: random() < 0.5, maxTokens: 20, tokenMs: 20 }));
    } else {
      const command = pick(COMMANDS);
      note(command, id);
      await accepted(() => owner.command(id, command));
      if (command === 'pause') paused.set(id, true);
      if (command === 'resume') paused.set(id, false);
    }
    await pause(random() * 400);
  }
  await Promise.all(chats);

  for (const id of ids) {
    if (paused.get(id)) await accepted(() => owner.command(id, 'resume'));
  }
  await Promise.all(ids.map((id) => answers(owner, id)));
  await expectTidyWorld(product);
}

/** A resume is accepted before it shows, so the first try may still meet the pause. */
async function answers(owner: Owner, id: string): Promise<void> {
  let last = '';
  const ask = async () => {
    const answer = await owner.chat(id);
    last = describeChat(answer);
    return answer.status === 200 && answer.isComplete;
  };
  await eventually(ask, { timeoutMs: 30_000, intervalMs: 500, message: `${id} answers` }).catch(
    async (cause: unknown) => {
      throw new Error(`${String(cause)}: ${last}\n${await story(owner, id)}`, { cause });
    },
  );
}

/** Accepted, or refused with a reason: both are answers. After a crash a try or two may find nobody. */
async function accepted(call: () => Promise<Answer>): Promise<void> {
  await eventually(async () => (await call()).status < 500, {
    timeoutMs: 15_000,
    intervalMs: 200,
    message: 'the command is answered',
  });
}

/** A small generator (mulberry32), so that a walk can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
