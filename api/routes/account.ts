/** Who is signed in. */
import { membershipsOf } from '../../db/owners.ts';
import { Me } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
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
  ];
}
