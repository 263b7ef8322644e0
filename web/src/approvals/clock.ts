import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Approval = Pick<components['schemas']['Approval'], 'state' | 'expires_at' | 'frozen_since'>;

/** Milliseconds that are left when the clock of an approval goes on again; null while it goes. A kill switch that stops the run stops the clock, too. */
export function frozenLeftMs({ state, expires_at, frozen_since }: Approval): number | null {
  if (state !== 'pending' || frozen_since === null || frozen_since === undefined) return null;
  return Math.max(0, Date.parse(expires_at) - Date.parse(frozen_since));
}
