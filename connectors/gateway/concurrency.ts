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
  return lowerOf(connector.manifest.rate_limits?.concurrency, instance.settings['max_concurrency']);
}

/** How many requests an instance is sent per minute, over all workers: its setting `max_requests_per_minute`, never more than the manifest says. Null: no limit. */
export function requestsPerMinuteOf({ connector, instance }: Call): number | null {
  return lowerOf(connector.manifest.rate_limits?.requests_per_minute, instance.settings['max_requests_per_minute']);
}

/** A setting that is no whole number from 1 is as if it were not there. */
function lowerOf(declared: number | undefined, setting: unknown): number | null {
  const wanted = typeof setting === 'number' && Number.isInteger(setting) && setting >= 1 ? setting : null;
  if (wanted === null) return declared ?? null;
  return declared === undefined ? wanted : Math.min(wanted, declared);
}
