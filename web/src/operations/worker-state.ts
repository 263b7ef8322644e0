import { IconActivity, IconHourglass, IconPlugOff } from '@tabler/icons-react';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { StateLook } from '../parts/state-look.ts';

type Worker = Pick<components['schemas']['DispatchState']['workers'][number], 'heartbeat_at' | 'draining_since'>;

/** Some heartbeats that did not come. */
const SILENT_AFTER_MS = 30_000;

export type WorkerState = 'working' | 'draining' | 'silent';

export const WORKER_LOOKS: Record<WorkerState, StateLook> = {
  working: { tone: 'ok', icon: IconActivity, meaning: 'Claims steps and does them' },
  draining: { tone: 'wait', icon: IconHourglass, meaning: 'It was told to stop: it ends what it has begun and claims nothing new' },
  silent: { tone: 'bad', icon: IconPlugOff, meaning: 'Nothing was heard of it for half a minute; what it held is swept up when its leases expire' },
};

/** What a worker is at, by its heartbeats, seen at `at` (the server's clock, so that a wrong one here does no harm). */
export function workerState({ heartbeat_at, draining_since }: Worker, at: string): WorkerState {
  if (Date.parse(at) - Date.parse(heartbeat_at) > SILENT_AFTER_MS) return 'silent';
  return draining_since === null ? 'working' : 'draining';
}
