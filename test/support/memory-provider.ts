import type { CapacityProvider, NodeObservation, NodeSpec } from '../../providers/provider.ts';

/** A provider whose machines are entries of a map; for tests of what is done to providers, not of providers. */
export class MemoryProvider implements CapacityProvider {
  readonly name = 'local';
  readonly #machines = new Map<string, NodeObservation & { installationId: string }>();

  plant(installationId: string, token: string): void {
    this.#machines.set(token, {
      installationId,
      nodeId: `node-${token.slice(0, 12)}`,
      endpointId: 'endpt-000000000000',
      token,
      ref: token,
      state: 'running',
      address: 'http://127.0.0.1:1',
      report: null,
      launchedAt: new Date().toISOString(),
      startedAt: new Date().toISOString(),
      stoppedAt: null,
      stoppedBy: null,
    });
  }

  has(token: string): boolean {
    return this.#machines.has(token);
  }

  async prepare(): Promise<void> {}

  async launch(spec: NodeSpec): Promise<NodeObservation> {
    if (!this.has(spec.token)) this.plant(spec.installationId, spec.token);
    return this.#get(spec.token);
  }

  async describe(token: string): Promise<NodeObservation | null> {
    return this.#machines.get(token) ?? null;
  }

  async stop(token: string): Promise<NodeObservation | null> {
    const machine = this.#machines.get(token);
    if (machine)
      Object.assign(machine, {
        state: 'stopped',
        address: null,
        stoppedAt: new Date().toISOString(),
        stoppedBy: 'order',
      });
    return machine ?? null;
  }

  async start(spec: NodeSpec): Promise<NodeObservation> {
    return Object.assign(this.#get(spec.token), {
      state: 'running',
      address: 'http://127.0.0.1:1',
      stoppedAt: null,
      stoppedBy: null,
    });
  }

  async release(token: string): Promise<void> {
    this.#machines.delete(token);
  }

  async list(installationId: string): Promise<NodeObservation[]> {
    return [...this.#machines.values()].filter((machine) => machine.installationId === installationId);
  }

  async logs(): Promise<string[]> {
    return [];
  }

  #get(token: string): NodeObservation {
    const machine = this.#machines.get(token);
    if (!machine) throw new Error(`no machine ${token}`);
    return machine;
  }
}
