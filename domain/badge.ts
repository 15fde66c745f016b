import type { EndpointStatus } from './endpoint.ts';

const BADGES: Record<EndpointStatus, string> = {
  building: 'BUILDING',
  up: 'ONLINE',
  hibernated: 'SLEEPING',
  waking: 'WAKING UP',
  updating: 'UPDATING',
  paused: 'PAUSED',
  failed: 'FAILED',
  deleting: 'DELETING',
  deleted: '–',
};

/** The badge text a user sees; an `up` endpoint short of ready nodes says so. */
export function badge(status: EndpointStatus, degraded: boolean): string {
  return status === 'up' && degraded ? 'ONLINE · DEGRADED' : BADGES[status];
}
