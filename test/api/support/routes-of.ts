/** The routes that the api says it has, from its own OpenAPI document. */
import { request } from '../../support/api-client.ts';

export interface DocumentedRoute {
  method: string;
  path: string;
  /** False for what anybody may call. */
  secured: boolean;
}

export async function documentedRoutes(url: string): Promise<DocumentedRoute[]> {
  const document = (await request(`${url}/api/openapi.json`, 'GET')).json as {
    paths: Record<string, Record<string, { security: unknown[] }>>;
  };
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path,
      secured: security.length > 0,
    })),
  );
}
