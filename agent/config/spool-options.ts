import { PROMISED_BYTES_PER_ORDER } from '../spool/open-spool.ts';
import type { SpoolOptions } from '../spool/open-spool.ts';
import type { SpoolClock } from '../spool/transaction.ts';
import type { AgentConfig } from './agent-config.ts';

/** For whoever only looks. */
const MACHINE_CLOCK: SpoolClock = { now: () => new Date(), offset_ms: () => 0 };

/** The spool that the settings speak of. */
export function spoolOptionsOf({ state_dir, spool: { key_file, limit_bytes, reserve_bytes } }: Pick<AgentConfig, 'state_dir' | 'spool'>, clock = MACHINE_CLOCK): SpoolOptions {
  return { folder: state_dir, ...(key_file === undefined ? {} : { key_file }), limit_bytes, reserve_bytes, promised_bytes_per_order: PROMISED_BYTES_PER_ORDER, clock };
}
