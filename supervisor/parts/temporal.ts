/**
 * A Temporal dev server with its Web UI, used when TEMPORAL_ADDRESS is not set. Its state is one file.
 * A server of another installation must never be taken for ours, so an answer at the address is not enough:
 * our own process must have said that it serves there.
 */
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { type TemporalCli, temporalCli } from '../../downloads/index.ts';
import { SEARCH_ATTRIBUTE_NAMES } from '../../workflows/search-attributes.ts';
import type { Part } from '../part.ts';
import { freePortFrom, quietPort } from '../ports.ts';

const READY_WITHIN_MS = 90_000;

export interface EmbeddedTemporalOptions {
  home: string;
  namespace: string;
  uiPort: number;
  cliPath: string | null;
  downloads: { folder: string; python: string; signal: AbortSignal };
}

export interface EmbeddedTemporal {
  part: Part;
  address: string;
  /** Known once it has started; the wished one may be in use. */
  uiPort(): number;
}

export async function embeddedTemporal(options: EmbeddedTemporalOptions): Promise<EmbeddedTemporal> {
  const port = await quietPort();
  let uiPort = options.uiPort;
  const address = `127.0.0.1:${port}`;
  return {
    address,
    uiPort: () => uiPort,
    part: {
      name: 'temporal',
      async command() {
        const cli = await temporalCli({ ...options.downloads, cliPath: options.cliPath });
        uiPort = await freePortFrom(options.uiPort);
        return {
          program: cli.path,
          args: startDevArguments(cli, options, port, uiPort),
          env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
        };
      },
      isReady: async (running) => servesAt(port, await running.output()) && answers(address, options.namespace),
      readyWithinMs: READY_WITHIN_MS,
      stopSignal: 'SIGTERM',
      stopGraceMs: 6_000,
    },
  };
}

function startDevArguments(cli: TemporalCli, options: EmbeddedTemporalOptions, port: number, uiPort: number): string[] {
  const known = (flag: string) => cli.startDevHelp.includes(flag);
  return [
    'server',
    'start-dev',
    ...['--ip', '127.0.0.1', '--port', String(port)],
    ...['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)],
    ...['--db-filename', path.join(options.home, 'temporal.db')],
    ...['--namespace', options.namespace],
    ...SEARCH_ATTRIBUTE_NAMES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...['--log-level', 'warn'],
    // A killed server loses nothing either way; with a write-ahead log, commits cost less.
    ...(known('--sqlite-pragma') ? ['--sqlite-pragma', 'journal_mode=wal'] : []),
    ...(known('--ui-disable-news-fetch') ? ['--ui-disable-news-fetch'] : []),
  ];
}

function servesAt(port: number, output: string): boolean {
  return new RegExp(`Server:\\s+\\S+:${port}\\s`).test(output);
}

async function answers(address: string, namespace: string): Promise<boolean> {
  let connection: Connection | null = null;
  try {
    connection = await Connection.connect({ address, connectTimeout: '2s' });
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}
