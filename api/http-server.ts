/**
 * The one HTTP server: the data plane first, which handles its own paths without Express, then everything
 * else. It closes by letting what is being answered end.
 */
import { type RequestListener, type Server, type ServerResponse, createServer } from 'node:http';
import type { Proxy } from './proxy/proxy.ts';

/** Above the 60 to 75 s that load balancers keep idle connections, so that they never write into a closed one. */
const KEEP_ALIVE_MS = 76_000;
const HEADERS_MS = 15_000;

export interface HttpServer {
  server: Server;
  listen(port: number, host: string): Promise<void>;
  /** Accepts nothing new, and resolves once what is being answered has ended or the time is up. */
  drain(withinMs: number): Promise<void>;
}

export function createHttpServer(proxy: Pick<Proxy, 'handles' | 'handle'>, app: RequestListener): HttpServer {
  const answering = new Set<ServerResponse>();
  let onEmpty = () => {};
  const server = createServer(
    // No limit for a whole request: the data plane bounds uploads by size, control-plane bodies are bounded by time.
    { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS, requestTimeout: 0 },
    (req, res) => {
      answering.add(res);
      res.once('close', () => {
        answering.delete(res);
        if (answering.size === 0) onEmpty();
      });
      if (proxy.handles(req)) proxy.handle(req, res);
      else app(req, res);
    },
  );
  return {
    server,
    async listen(port, host) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once('error', reject);
      server.listen(port, host, resolve);
      await promise;
      server.off('error', reject);
    },
    async drain(withinMs) {
      server.close();
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      onEmpty = resolve;
      if (answering.size === 0) resolve();
      await promise;
      clearTimeout(timer);
      server.closeAllConnections();
    },
  };
}
