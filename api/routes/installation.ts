/** What the dashboard must know of the installation that it is part of. */
import { readFileSync } from 'node:fs';
import { Installation } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { route } from '../route.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export function installationRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'get',
      path: '/api/config',
      policy: { auth: 'session' },
      tag: 'System',
      summary: 'The version, and where operators look',
      answer: { status: 200, description: 'The installation.', schema: Installation },
      handler: () => ({ json: { version, temporal: deps.temporalUi ?? null } }),
    }),
  ];
}
