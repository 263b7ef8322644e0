import { once } from 'node:events';
import type { Strike } from '../strikes.ts';
import { Journal } from './journal.ts';
import { Ledger } from './ledger.ts';

export interface LedgerOrder {
  readonly seed: number;
  readonly journal: string;
  readonly strikes: readonly Strike[];
}

/** From the ledger's process to the driver. */
export type FromLedger = { readonly listening: number } | { readonly strike: Strike; readonly worker: string };
/** From the driver: this strike has been carried out. */
export interface ToLedger { readonly struck: number }

/** The peer, a process of its own: nothing that is killed or stopped in the cell takes anything of it along. */
const [order] = await once(process, 'message') as [LedgerOrder];
const held = new Map<number, () => void>();
process.on('message', ({ struck }: ToLedger) => held.get(struck)?.());
process.once('disconnect', () => process.exit(0));
const ledger = new Ledger({
  seed: order.seed,
  journal: new Journal(order.journal),
  strikes: order.strikes,
  strike: (strike, worker) => new Promise((resolve) => {
    held.set(strike.id, resolve);
    process.send?.({ strike, worker } satisfies FromLedger);
  }),
});
process.send?.({ listening: await ledger.listen() } satisfies FromLedger);
