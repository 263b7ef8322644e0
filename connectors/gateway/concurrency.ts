import type { Call } from './call.ts';

/** As many calls as it is to have at the same time are under way to the instance. */
export class InstanceBusyError extends Error {
  override readonly name = 'InstanceBusyError';
  readonly limit: number;

  constructor(limit: number) {
    super(`${limit} calls to the instance are under way already.`);
    this.limit = limit;
  }
}

/**
 * How many steps may call an instance at the same time, over all workers: its setting `max_concurrency`, else what the manifest says its
 * peer bears. Null: no limit. An instance may ask for less than the manifest, never for more.
 */
export function concurrencyOf({ connector, instance }: Call): number | null {
  const declared = connector.manifest.rate_limits?.concurrency ?? null;
  const setting = instance.settings['max_concurrency'];
  const wanted = typeof setting === 'number' && Number.isInteger(setting) && setting >= 1 ? setting : null;
  if (wanted === null) return declared;
  return declared === null ? wanted : Math.min(wanted, declared);
}
