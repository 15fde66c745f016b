/** A Hub that has one file and behaves as badly as told; for downloads only. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubFile {
  endpoint: string;
  bytes: Buffer;
  sha256: string;
  /** Answers, first to last, before it behaves: a status, or a cut after so many bytes. */
  mishaps: Array<{ status: number; headers?: Record<string, string> } | { cutAfterBytes: number }>;
  requests: Array<{ url: string; range: string | null; authorization: string | null }>;
  close(): Promise<void>;
}

export async function startHubFile(sizeBytes = 300_000): Promise<HubFile> {
  const bytes = randomBytes(sizeBytes);
  const hub: HubFile = {
    endpoint: '',
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    mishaps: [],
    requests: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer((req, res) => {
    const range = req.headers.range ?? null;
    hub.requests.push({ url: req.url ?? '', range, authorization: req.headers.authorization ?? null });
    const mishap = hub.mishaps.shift();
    if (mishap && 'status' in mishap) return res.writeHead(mishap.status, mishap.headers).end();
    const start = range ? Number(/bytes=(\d+)-/.exec(range)?.[1]) : 0;
    const body = hub.bytes.subarray(start);
    const headers = {
      'content-length': body.length,
      ...(range ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
    };
    res.writeHead(range ? 206 : 200, headers);
    if (!mishap) return res.end(body);
    res.write(body.subarray(0, mishap.cutAfterBytes), () => res.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}
