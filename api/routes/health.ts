/**
 * Probes. `healthz`: the process answers. `readyz`: what it depends on; 503 only when it can serve nobody,
 * because with the routes in memory it serves what is up though Postgres and Temporal are away.
 */
import { sql } from 'kysely';
import { Health, Readiness } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { route } from '../route.ts';

const CHECK_MS_MAX = 2_000;
const ROUTES_STALE_MS = 60_000;

export function healthRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'get',
      path: '/healthz',
      policy: { auth: 'public', anyHost: true },
      tag: 'System',
      summary: 'Whether the process is alive',
      answer: { status: 200, description: 'Alive.', schema: Health },
      handler: () => ({ json: { status: 'ok' } }),
    }),
    route({
      method: 'get',
      path: '/readyz',
      policy: { auth: 'public', anyHost: true },
      tag: 'System',
      summary: 'Whether the process can serve, and how its dependencies are',
      answer: { status: 200, description: 'It serves, perhaps degraded; 503 when it cannot.', schema: Readiness },
      async handler() {
        const readiness = await check(deps);
        return { json: readiness, status: readiness.status === 'unavailable' ? 503 : 200 };
      },
    }),
  ];
}

async function check(deps: RouteDeps): Promise<Readiness> {
  const [postgres, temporal] = await Promise.all([isPostgresThere(deps), deps.lifecycle.isReachable()]);
  const ageMs = deps.dataPlane?.status().routeTableAgeMs ?? null;
  const hasRoutes = ageMs !== null;
  const routesOk = deps.dataPlane === null || (hasRoutes && ageMs < ROUTES_STALE_MS);
  // Without its first load of routes the data plane can serve nobody; with it, it does so on its own.
  const canServe = !deps.closing.aborted && (deps.dataPlane ? hasRoutes : postgres);
  return {
    status: !canServe ? 'unavailable' : postgres && temporal && routesOk ? 'ok' : 'degraded',
    checks: {
      postgres: { ok: postgres },
      temporal: { ok: temporal },
      routes: { ok: routesOk, ageSeconds: hasRoutes ? Math.round(ageMs / 100) / 10 : null },
    },
  };
}

async function isPostgresThere({ db }: RouteDeps): Promise<boolean> {
  const timeout = AbortSignal.timeout(CHECK_MS_MAX);
  const tooLate = new Promise<false>((resolve) => timeout.addEventListener('abort', () => resolve(false)));
  const asked = sql`SELECT 1`.execute(db).then(
    () => true,
    () => false,
  );
  return Promise.race([asked, tooLate]);
}
