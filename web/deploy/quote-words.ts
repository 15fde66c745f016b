/** How a quote is said in words. */
import { bytes, usd } from '../parts/format.ts';
import type { Quote } from './use-quote.ts';

const SOURCES: Record<Quote['source'], string> = {
  metadata: "Sized by the model's own files",
  'name-hint': "Sized by the model's name alone",
  builtin: 'Size known in advance',
};

export function sureness({ source, confidence }: Quote): string {
  return `${SOURCES[source]}: ${CONFIDENCE[confidence]}.`;
}

export const CONFIDENCE: Record<Quote['confidence'], string> = {
  high: 'sure',
  medium: 'fairly sure',
  low: 'a rough guess',
  unknown: 'not known',
};

export function price(amount: number | null): string {
  return amount === null ? 'price unknown' : usd(amount);
}

export function hourly(amount: number | null): string {
  return amount === null ? 'price unknown' : `${usd(amount)} an hour`;
}

export function nodes(count: number): string {
  return `${count} ${count === 1 ? 'node' : 'nodes'}`;
}

export const NUMBER_NAMES: Record<Quote['numbers'][number]['name'], string> = {
  weights: 'Weights',
  kvCache: 'KV cache',
  overhead: 'Overhead',
  usableMemory: 'Usable memory',
  contextLength: 'Context length',
  volume: 'Disk',
  price: 'Price',
};

export function numberText({ value, unit }: Quote['numbers'][number]): string {
  if (value === null) return 'unknown';
  if (unit === 'bytes') return bytes(value);
  if (unit === 'USD/h') return `${usd(value)} an hour`;
  return `${value.toLocaleString('en-US')} ${unit}`;
}

/** The chosen tier and its alternatives say headroom alike. */
export function headroom(bytesPerGpu: number, gpuCount: number): string {
  return `${bytes(Math.max(0, bytesPerGpu))} headroom${gpuCount > 1 ? ' on each GPU' : ''}`;
}

/** What the server says is a part of a sentence there; here it is one of its own. */
export function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
