import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { frozenLeftMs } from './clock.ts';

type Approval = components['schemas']['Approval'];

/** What waits, the nearest deadline first: that one is denied by expiry first. Those whose clock stands come last. */
export function byDeadline(approvals: readonly Approval[]): Approval[] {
  return [...approvals].sort((one, other) => Number(frozenLeftMs(one) !== null) - Number(frozenLeftMs(other) !== null) || Date.parse(one.expires_at) - Date.parse(other.expires_at) || one.id.localeCompare(other.id));
}

/** The id `steps` places after (or before) `current` in the inbox; the first when `current` is not in it; null when it is empty. */
export function neighbour(ids: readonly string[], current: string | null, steps: 1 | -1): string | null {
  const place = current === null ? -1 : ids.indexOf(current);
  if (place === -1) return ids[0] ?? null;
  return ids[Math.min(ids.length - 1, Math.max(0, place + steps))] ?? null;
}

/** What to show after `decided` is out of the inbox: the one that takes its place, or the one before. */
export function nextAfter(ids: readonly string[], decided: string): string | null {
  const place = ids.indexOf(decided);
  const rest = ids.filter((id) => id !== decided);
  return rest[Math.min(Math.max(place, 0), rest.length - 1)] ?? null;
}
