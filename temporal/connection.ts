/**
 * How api and worker reach the Temporal service: a dev server, a self-hosted cluster or Temporal Cloud
 * differ only by TEMPORAL_* variables (@temporalio/envconfig).
 */
import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { dataConverterFor } from './payload-codec.ts';

export interface TemporalOptions {
  /** Overrides what envconfig finds; the embedded server's address. */
  address: string;
  namespace: string;
  payloadKey: Buffer | null;
}

function connectOptions(options: TemporalOptions) {
  const { connectionOptions } = loadClientConnectConfig();
  return { ...connectionOptions, address: options.address };
}

/** A client that connects lazily, so that a Temporal outage never stops the API from starting. */
export function createLazyClient(options: TemporalOptions): Client {
  return new Client({
    connection: Connection.lazy({
      ...connectOptions(options),
      // gRPC would wait up to two minutes between attempts; wakes cannot wait that long after an outage.
      channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
    }),
    namespace: options.namespace,
    dataConverter: dataConverter(options),
  });
}

export async function connectNative(options: TemporalOptions): Promise<NativeConnection> {
  return NativeConnection.connect(connectOptions(options));
}

export function dataConverter(options: TemporalOptions): DataConverter {
  return dataConverterFor(options.payloadKey);
}
