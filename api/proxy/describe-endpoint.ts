/** What can be said of an endpoint without a node: its health and its model, in every state, waking nothing. */
import { type Route, isServing } from './route-table.ts';
import { etaSeconds } from './waiting-text.ts';

export interface Description {
  status: number;
  body: string;
}

/** With `ready=1` in the query the status says whether a request would be served at once. */
export function describeHealth(route: Route, query: string, nowMs: number): Description {
  const ready = isServing(route) && route.power === 'on';
  const asked = new URLSearchParams(query).get('ready') === '1';
  const body = {
    status: route.status,
    // Whether an inference request would be answered, if need be by waking it.
    wakeable: route.power === 'on' && route.status !== 'failed',
    ready,
    stage: route.stage,
    etaSeconds: etaSeconds(route, nowMs),
  };
  return { status: asked && !ready ? 503 : 200, body: JSON.stringify(body) };
}

/** OpenAI's list of models. */
export function describeModels(route: Route): Description {
  const model = {
    id: route.model,
    object: 'model',
    created: Math.floor(route.createdAtMs / 1000),
    owned_by: 'hypervize',
  };
  return { status: 200, body: JSON.stringify({ object: 'list', data: [model] }) };
}
