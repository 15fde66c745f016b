/** Which providers this installation has, by name. A provider that is not configured is not in the map. */
import type { Config } from '../config.ts';
import type { ProviderName } from '../domain/endpoint.ts';
import { LocalProvider } from './local/local-provider.ts';
import type { CapacityProvider } from './provider.ts';

export { localMachine } from './local/local-machine.ts';

export type ProvidersConfig = Pick<Config, 'home' | 'downloads' | 'hub' | 'local'>;

export function createProviders(config: ProvidersConfig): Map<ProviderName, CapacityProvider> {
  const providers: CapacityProvider[] = [new LocalProvider(config)];
  return new Map(providers.map((provider) => [provider.name, provider]));
}
