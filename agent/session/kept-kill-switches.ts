import type { AgentKillSwitch } from '@countersign/contracts/agent/protocol.ts';
import type { Spool } from '../spool/spool.ts';
import type { SpoolTransaction } from '../spool/transaction.ts';

const NAME = 'kill_switches';

/** What the cell last said that people have stopped. One that was not heard to be released still stands, over a restart, too. */
export async function keptKillSwitches(spool: Pick<Spool, 'commit'>): Promise<readonly AgentKillSwitch[]> {
  const kept = await spool.commit((tx) => tx.kept(NAME));
  return kept === undefined ? [] : JSON.parse(kept) as AgentKillSwitch[];
}

export function keepKillSwitches(tx: SpoolTransaction, switches: readonly AgentKillSwitch[]): void {
  const text = JSON.stringify(switches);
  if ((tx.kept(NAME) ?? '[]') !== text) tx.keep(NAME, text);
}
