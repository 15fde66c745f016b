/** Every route of the control plane. A new file of routes is added here and nowhere else. */
import type { RouteDeps } from '../deps.ts';
import type { Route } from '../route.ts';
import { accountRoutes } from './account.ts';
import { commandRoutes } from './commands.ts';
import { endpointRoutes } from './endpoints.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { installationRoutes } from './installation.ts';
import { keyRoutes } from './keys.ts';
import { pageRoutes } from './pages.ts';
import { provisionRoutes } from './provision.ts';
import { quoteRoutes } from './quote.ts';
import { tierRoutes } from './tiers.ts';
import { usageRoutes } from './usage.ts';

export function allRoutes(deps: RouteDeps): Route[] {
  const routes = [
    ...provisionRoutes(deps),
    ...quoteRoutes(deps),
    ...tierRoutes(deps),
    ...endpointRoutes(deps),
    ...commandRoutes(deps),
    ...eventRoutes(deps),
    ...usageRoutes(deps),
    ...keyRoutes(deps),
    ...accountRoutes(deps),
    ...installationRoutes(deps),
    ...healthRoutes(deps),
  ];
  return [...routes, ...pageRoutes(routes)];
}
