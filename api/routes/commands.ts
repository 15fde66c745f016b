/**
 * Commands: hibernate, wake, pause, resume, retry, delete. Each records a wish and tells the lifecycle to
 * look again; what a command means in which status is decided by domain/lifecycle.ts alone.
 */
import { type OwnerTx, forOwner } from '../../db/client.ts';
import { type CommandTarget, applyCommand, forceDelete, lockEndpoint } from '../../db/endpoint-commands.ts';
import { setEndpointSecret } from '../../db/endpoint-secrets.ts';
import { enqueueSignal } from '../../db/outbox.ts';
import { UserError } from '../../domain/errors.ts';
import { type CommandEffect, ENDPOINT_COMMANDS, type EndpointCommand, commandEffect } from '../../domain/lifecycle.ts';
import { CommandResponse, EndpointDeleteQuery, EndpointIdPath, RetryRequest } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { checkedEndpointId, endpointNotFound } from '../endpoint-lookup.ts';
import { type Principal, actorOf } from '../policies.ts';
import { type Route, type RouteAnswer, route } from '../route.ts';

const ACCEPTED = { status: 202, description: 'Accepted, also when there was nothing to do.', schema: CommandResponse };

const SUMMARIES: Record<EndpointCommand, string> = {
  hibernate: 'Let an endpoint sleep now',
  wake: 'Wake a sleeping endpoint',
  pause: 'Stop an endpoint until it is resumed',
  resume: 'Resume a paused endpoint',
  retry: 'Try again after a failure, with another token if there is one',
  delete: 'Delete an endpoint and everything that it runs on',
};

export function commandRoutes(deps: RouteDeps): Route[] {
  const posts = ENDPOINT_COMMANDS.filter((command) => command !== 'delete' && command !== 'retry').map((command) =>
    route({
      method: 'post',
      path: `/api/endpoints/{id}/${command}`,
      policy: { auth: 'manage' },
      tag: 'Endpoints',
      summary: SUMMARIES[command],
      params: EndpointIdPath,
      answer: ACCEPTED,
      errors: ['endpoint_not_found', 'endpoint_paused', 'endpoint_failed', 'endpoint_busy', 'endpoint_deleting'],
      handler: ({ principal, params }) => runCommand(deps, principal, params.id, command),
    }),
  );
  return [
    ...posts,
    route({
      method: 'post',
      path: '/api/endpoints/{id}/retry',
      policy: { auth: 'manage' },
      tag: 'Endpoints',
      summary: SUMMARIES.retry,
      params: EndpointIdPath,
      body: RetryRequest,
      answer: ACCEPTED,
      errors: ['endpoint_not_found', 'endpoint_paused', 'endpoint_failed', 'endpoint_busy', 'endpoint_deleting'],
      handler: ({ principal, params, body }) =>
        runCommand(deps, principal, params.id, 'retry', async (tx, target) => {
          if (body.huggingFaceToken === undefined) return;
          await setEndpointSecret(tx, deps.secretBox, target, 'hugging_face_token', body.huggingFaceToken);
        }),
    }),
    route({
      method: 'delete',
      path: '/api/endpoints/{id}',
      policy: { auth: 'manage' },
      tag: 'Endpoints',
      summary: SUMMARIES.delete,
      params: EndpointIdPath,
      query: EndpointDeleteQuery,
      answer: ACCEPTED,
      errors: ['endpoint_not_found'],
      handler: ({ principal, params, query }) =>
        runCommand(deps, principal, params.id, 'delete', (tx, target, effect) =>
          insistOnDelete(tx, target, effect, query.force === 'true'),
        ),
    }),
  ];
}

async function runCommand(
  deps: RouteDeps,
  principal: Principal,
  id: string,
  command: EndpointCommand,
  alsoDo?: (tx: OwnerTx, target: CommandTarget, effect: CommandEffect) => Promise<void>,
): Promise<RouteAnswer> {
  const endpointId = checkedEndpointId(id);
  const { target, effect } = await forOwner(deps.db, principal.ownerId, async (tx) => {
    const locked = await lockEndpoint(tx, endpointId);
    if (!locked) throw endpointNotFound();
    const decided = commandEffect(command, locked);
    if (decided.kind === 'refused') throw refusal(command, locked, decided.code);
    await applyCommand(tx, locked, command, decided, actorOf(principal));
    await alsoDo?.(tx, locked, decided);
    return { target: locked, effect: decided };
  });
  deps.outbox.poke();
  const message = effect.kind === 'noop' ? `Nothing to do: ${NOOP_REASONS[command]}` : DONE_MESSAGES[command];
  return { json: { success: true, endpointId, status: target.status, message } };
}

/**
 * Forcing is remembered, and a deletion that was asked for before is asked for again (once a minute at
 * most), because the lifecycle may have been terminated in between.
 */
async function insistOnDelete(
  tx: OwnerTx,
  target: CommandTarget,
  effect: CommandEffect,
  force: boolean,
): Promise<void> {
  const look = { endpointId: target.id, signal: 'specChanged', payload: { generation: target.generation } };
  const isNews = force && (await forceDelete(tx, target.id));
  if (effect.kind !== 'noop') return;
  if (isNews) await enqueueSignal(tx, look);
  else await enqueueSignal(tx, { ...look, dedupeKey: `delete:${target.id}:${Math.floor(Date.now() / 60_000)}` });
}

const DONE_MESSAGES: Record<EndpointCommand, string> = {
  hibernate: 'The endpoint is going to sleep.',
  wake: 'The endpoint is waking up.',
  pause: 'The endpoint is being paused.',
  resume: 'The endpoint is being resumed.',
  retry: 'The endpoint is being built again.',
  delete: 'The endpoint is being deleted.',
};

const NOOP_REASONS: Record<EndpointCommand, string> = {
  hibernate: 'the endpoint is asleep.',
  wake: 'the endpoint is not asleep.',
  pause: 'the endpoint is paused already.',
  resume: 'the endpoint is not paused.',
  retry: 'the endpoint has not failed.',
  delete: 'the endpoint is being deleted already.',
};

type RefusalCode = Extract<CommandEffect, { kind: 'refused' }>['code'];

/** Always 409, whatever the same code means elsewhere: the request conflicts with how the endpoint is. */
function refusal(command: EndpointCommand, target: CommandTarget, code: RefusalCode): UserError {
  const sentences: Record<RefusalCode, string> = {
    endpoint_paused: `"${target.name}" is paused, so it cannot ${command}. Resume it first.`,
    endpoint_failed: `"${target.name}" has failed, so it cannot ${command}. See its statusMessage, then retry.`,
    endpoint_busy: `"${target.name}" is ${target.status}, so it cannot ${command} now. Wait until it is up.`,
    endpoint_deleting: `"${target.name}" is being deleted, and that is final.`,
  };
  return new UserError(code, sentences[code], { status: 409, details: { status: target.status } });
}
