/**
 * Which ports may be listened on. Between the look and the use another program may be faster; a part that
 * loses such a race fails to start and is started again.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const TRIES_MAX = 100;
/** Below the ports that systems hand out to outgoing connections. */
const QUIET_PORTS = { first: 20_000, last: 29_999 };

export async function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * A port for a part that must be found at the same place after each of its deaths. Drawn by chance, so that
 * another installation which starts meanwhile does not take it: two that count up from the same number would.
 */
export async function quietPort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = randomInt(QUIET_PORTS.first, QUIET_PORTS.last + 1);
    if (await isPortFree(host, port)) return port;
  }
  throw new Error(`no port from ${QUIET_PORTS.first} to ${QUIET_PORTS.last} is free on ${host}`);
}

/** The port itself or the next free one after it. */
export async function freePortFrom(first: number, host = '127.0.0.1'): Promise<number> {
  for (let port = first; port < Math.min(first + TRIES_MAX, 65_536); port += 1) {
    if (await isPortFree(host, port)) return port;
  }
  return quietPort(host);
}
