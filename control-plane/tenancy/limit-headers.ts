import type { Taken } from '@countersign/platform/rate-limits/rate-limits.ts';

export type PolicyName = 'key' | 'workspace' | 'tenant' | 'address';

export interface CountedPolicy {
  readonly name: PolicyName;
  readonly per_minute: number;
  readonly taken: Taken;
}

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): all limits that hold, and how much is left of the one that
 * is nearest to its end.
 */
export function limitHeaders(counted: readonly CountedPolicy[]): Readonly<Record<string, string>> {
  const [nearest] = counted.toSorted((a, b) => shareLeft(a) - shareLeft(b));
  if (nearest === undefined) return {};
  return {
    'ratelimit-policy': counted.map(({ name, per_minute }) => `"${name}";q=${per_minute};w=60`).join(', '),
    ratelimit: `"${nearest.name}";r=${nearest.taken.remaining};t=${nearest.taken.reset_s}`,
  };
}

function shareLeft({ per_minute, taken }: CountedPolicy): number {
  if (!taken.allowed) return -1;
  return taken.remaining / per_minute;
}
