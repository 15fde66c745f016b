/** Who is signed in, and the tiers they can choose from. */
import { membershipsOf } from '../../db/owners.ts';
import { TIERS } from '../../domain/tiers.ts';
import { Me, TierList } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { inUsd } from '../endpoint-document.ts';
import { route } from '../route.ts';

export function accountRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'get',
      path: '/api/me',
      policy: { auth: 'session' },
      tag: 'Account',
      summary: 'The signed-in user and their organizations',
      answer: { status: 200, description: 'The user.', schema: Me },
      async handler({ principal }) {
        const memberships = await membershipsOf(deps.db, principal.userId);
        return {
          json: {
            user: { id: principal.userId, email: principal.email, name: principal.name },
            organizations: memberships.map((membership) => ({
              ...membership,
              active: membership.id === principal.ownerId,
            })),
          },
        };
      },
    }),
    route({
      method: 'get',
      path: '/api/tiers',
      policy: { auth: 'read' },
      tag: 'Endpoints',
      summary: 'The hardware ladder with prices and memory',
      answer: { status: 200, description: 'Cheapest first.', schema: TierList },
      handler() {
        return {
          json: {
            items: TIERS.map(({ usdMicrosPerHour, ...tier }) => ({ ...tier, usdPerHour: inUsd(usdMicrosPerHour) })),
          },
        };
      },
    }),
  ];
}
