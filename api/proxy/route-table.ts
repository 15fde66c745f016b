/**
 * Where each endpoint's requests go, in memory: the hot path asks nobody else. Fed by `route-feed.ts`.
 * A route is replaced, never changed, so whoever holds one sees one version of it.
 */
import type { RouteNodeRecord, RouteRecord } from '../../db/routes.ts';
import type { SecretBox } from '../../db/secrets.ts';
import { secretPlace } from '../../db/secrets.ts';
import type { NodeState } from '../../domain/endpoint.ts';

export interface RouteNode {
  nodeId: string;
  /** Origin of the runtime; null until it is known. */
  address: string | null;
  /** Null when it could not be opened: such a node gets nothing. */
  secret: string | null;
  state: NodeState;
  updatedAtMs: number;
}

export interface Route extends Omit<RouteRecord, 'nodes'> {
  nodes: readonly RouteNode[];
}

/** `route` is undefined when the endpoint is gone. */
export type RouteListener = (endpointId: string, route: Route | undefined, before: Route | undefined) => void;

export class RouteTable {
  readonly #routes = new Map<string, Route>();
  readonly #listeners: RouteListener[] = [];
  readonly #secrets = new Map<string, { sealed: Buffer; secret: string | null }>();
  readonly #box: SecretBox;
  readonly #onError: (error: unknown) => void;

  constructor(box: SecretBox, onError: (error: unknown) => void) {
    this.#box = box;
    this.#onError = onError;
  }

  get(endpointId: string): Route | undefined {
    return this.#routes.get(endpointId);
  }

  all(): Iterable<Route> {
    return this.#routes.values();
  }

  onChange(listener: RouteListener): void {
    this.#listeners.push(listener);
  }

  /** @param ids what was asked for; null means that `records` is everything */
  apply(records: readonly RouteRecord[], ids: readonly string[] | null): void {
    const gone = new Set(ids ?? this.#routes.keys());
    for (const record of records) {
      gone.delete(record.endpointId);
      const before = this.#routes.get(record.endpointId);
      const route: Route = { ...record, nodes: record.nodes.map((node) => this.#nodeOf(node)) };
      if (before && isSame(before, route)) continue;
      this.#routes.set(record.endpointId, route);
      this.#tell(record.endpointId, route, before);
    }
    for (const endpointId of gone) {
      const before = this.#routes.get(endpointId);
      if (this.#routes.delete(endpointId)) this.#tell(endpointId, undefined, before);
    }
    if (ids === null) this.#forgetSecrets(records);
  }

  #tell(endpointId: string, route: Route | undefined, before: Route | undefined): void {
    for (const listener of this.#listeners) listener(endpointId, route, before);
  }

  #nodeOf(record: RouteNodeRecord): RouteNode {
    const { nodeId, address, state, updatedAtMs } = record;
    return { nodeId, address, state, updatedAtMs, secret: this.#open(nodeId, record.secretCiphertext) };
  }

  #open(nodeId: string, sealed: Buffer): string | null {
    const known = this.#secrets.get(nodeId);
    if (known?.sealed.equals(sealed)) return known.secret;
    let secret: string | null = null;
    try {
      secret = this.#box.open(sealed, secretPlace.node(nodeId));
    } catch (error) {
      this.#onError(error);
    }
    this.#secrets.set(nodeId, { sealed, secret });
    return secret;
  }

  #forgetSecrets(records: readonly RouteRecord[]): void {
    const live = new Set(records.flatMap((record) => record.nodes.map((node) => node.nodeId)));
    for (const nodeId of this.#secrets.keys()) if (!live.has(nodeId)) this.#secrets.delete(nodeId);
  }
}

/** The slow poll finds most routes as they were; whoever listens need not hear of those. */
function isSame(a: Route, b: Route): boolean {
  if (a.nodes.length !== b.nodes.length || !haveSameFields(a, b)) return false;
  return a.nodes.every((node, index) => {
    const other = b.nodes[index];
    return other !== undefined && haveSameFields(node, other);
  });
}

function haveSameFields<T extends object>(a: T, b: T): boolean {
  return (Object.keys(a) as (keyof T)[]).every((key) => key === 'nodes' || a[key] === b[key]);
}

export function isServing(route: Route): boolean {
  return route.status === 'up' || route.status === 'updating';
}

/** Falling asleep: there are nodes, and all of them have been told to finish. */
export function isDraining(route: Route): boolean {
  return (
    route.nodes.length > 0 && route.nodes.every((node) => ['draining', 'stopping', 'stopped'].includes(node.state))
  );
}
