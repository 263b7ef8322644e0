import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Permission } from '../states/permission.ts';
import { mayCall, type Asker } from '../states/role-permission.ts';

type Schemas = components['schemas'];

/** Pausing what runs by the clock, or letting it go on: whichever is possible now, and whether one may. */
export function pauseOrResume({ paused_at }: Pick<Schemas['Schedule'], 'paused_at'>, asker: Asker | undefined): { act: 'pause' | 'resume'; permission: Permission } {
  return paused_at === null ? { act: 'pause', permission: mayCall('pauseSchedule', asker, 'Pausing') } : { act: 'resume', permission: mayCall('resumeSchedule', asker, 'Resuming') };
}

/** Why a schedule has no next time, or null when it has one. */
export function whyNotDue({ paused_at, enabled, next_due_at, environment }: Pick<Schemas['Schedule'], 'paused_at' | 'enabled' | 'next_due_at' | 'environment'>): string | null {
  if (next_due_at !== null) return null;
  if (!enabled) return `Never: the workflow is not active in ${environment}`;
  if (paused_at !== null) return 'Not while it is paused';
  return 'Never again';
}
