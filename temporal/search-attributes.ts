/**
 * Search attributes: what operators filter lifecycles by in the Temporal Web UI. Registered at worker
 * boot, because a workflow that upserts an unregistered one hangs for ever. Values are readable by
 * anyone with access to the UI, so the owner appears only as a hash.
 */
import type { Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTE_NAMES } from '../workflows/search-attributes.ts';

const KEYWORD = 2;

/** Adds what is missing. @throws when it is missing and may not be added, naming the attributes */
export async function registerSearchAttributes(
  connection: Connection | NativeConnection,
  namespace: string,
): Promise<void> {
  const present = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = SEARCH_ATTRIBUTE_NAMES.filter((name) => !(name in (present.customAttributes ?? {})));
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (cause) {
    throw new Error(
      `The Temporal namespace "${namespace}" lacks the search attributes ${missing.join(', ')} and they could not be added. Add them as Keyword, then start again.`,
      { cause },
    );
  }
}
