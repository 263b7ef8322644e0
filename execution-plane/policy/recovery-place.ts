import { createHash } from 'node:crypto';

/** Where a run stands among those that a kill switch lets go one share after the other: in [0, 1), as `control.recovery_place` of the database says. */
export function recoveryPlace(runId: string): number {
  return createHash('sha256').update(runId, 'utf8').digest().readUInt32BE(0) / 2 ** 32;
}
