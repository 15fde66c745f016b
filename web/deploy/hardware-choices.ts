/** The choices of hardware as a list to pick from. What is not connected can be quoted, and says so. */
import type { Tier } from '../client/types.ts';
import type { Draft } from './draft.ts';

type Cloud = 'aws' | 'gcp';
const CLOUDS: Record<Cloud, string> = { aws: 'AWS', gcp: 'Google Cloud' };
const CLOUD_IDS = ['aws', 'gcp'] as const;
const AUTOMATIC = 'auto';

interface Choice {
  value: string;
  label: string;
}

export function hardwareChoices(tiers: readonly Tier[], draft: Draft): { group: string; items: Choice[] }[] {
  const here = tiers.filter(({ available }) => available);
  const others = tiers.filter(({ available }) => !available);
  const hasCloud = (cloud: Cloud) => here.some(({ provider }) => provider === cloud);
  const isMixed = new Set(here.map(({ provider }) => provider)).size > 1;
  const cheapest = (cloud: Cloud) => ({
    value: `provider:${cloud}`,
    label: `${CLOUDS[cloud]}, the cheapest that fits`,
  });
  const one = ({ id, title }: Pick<Tier, 'id' | 'title'>) => ({ value: `tier:${id}`, label: title });
  const connected = [
    { value: AUTOMATIC, label: 'Automatic' },
    ...(isMixed ? CLOUD_IDS.filter(hasCloud).map(cheapest) : []),
    // With one tier, automatic is that tier.
    ...(here.length > 1 ? here.map(one) : []),
  ];
  const quotable =
    others.length === 0 ? [] : [...CLOUD_IDS.filter((cloud) => !hasCloud(cloud)).map(cheapest), ...others.map(one)];
  const current = hardwareValue(draft);
  const isListed = [...connected, ...quotable].some(({ value }) => value === current);
  return [
    // What was typed earlier stays, also before the list has come.
    { group: 'Connected', items: isListed ? connected : [...connected, { value: current, label: labelOf(draft) }] },
    ...(quotable.length > 0 ? [{ group: 'Not connected, for a quote only', items: quotable }] : []),
  ];
}

export function hardwareValue({ provider, tier }: Draft): string {
  if (tier !== null) return `tier:${tier}`;
  return provider === 'auto' ? AUTOMATIC : `provider:${provider}`;
}

export function hardwareChange(value: string): Pick<Draft, 'provider' | 'tier'> {
  if (value.startsWith('tier:')) return { provider: 'auto', tier: value.slice('tier:'.length) };
  const cloud = CLOUD_IDS.find((id) => value === `provider:${id}`);
  return { provider: cloud ?? 'auto', tier: null };
}

function labelOf({ provider, tier }: Draft): string {
  return tier ?? (provider === 'aws' || provider === 'gcp' ? CLOUDS[provider] : 'This machine');
}
