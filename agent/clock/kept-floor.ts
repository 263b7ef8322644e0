import type { Spool } from '../spool/spool.ts';
import type { SpoolTransaction } from '../spool/transaction.ts';
import type { TrustedClock } from './trusted-clock.ts';

const FLOOR = 'clock.floor';

/** The newest time that the cell had signed when this agent last ran: the clock does not begin before it. */
export async function beginAtKeptFloor(clock: TrustedClock, spool: Pick<Spool, 'commit'>): Promise<void> {
  const kept = await spool.commit((tx) => tx.kept(FLOOR));
  if (kept !== undefined) clock.notBefore(new Date(kept));
}

export function keepFloor(clock: TrustedClock, tx: SpoolTransaction): void {
  const floor = clock.floor.toISOString();
  if (tx.kept(FLOOR) !== floor) tx.keep(FLOOR, floor);
}
