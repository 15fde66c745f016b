/** Which ports may be listened on. Between the look and the use another program may be faster; parts that
 * lose such a race fail to start and are started again. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const TRIES_MAX = 100;

export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await listenOnce(host, port)) !== null;
}

export async function anyFreePort(host = '127.0.0.1'): Promise<number> {
  const port = await listenOnce(host, 0);
  if (port === null) throw new Error(`no port is free on ${host}`);
  return port;
}

/** The port itself or the next free one after it. */
export async function freePortFrom(first: number, host = '127.0.0.1'): Promise<number> {
  for (let port = first; port < Math.min(first + TRIES_MAX, 65_536); port += 1) {
    if (await isPortFree(host, port)) return port;
  }
  return anyFreePort(host);
}

async function listenOnce(host: string, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host, port, exclusive: true }, () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}
