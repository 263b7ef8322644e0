import { once } from 'node:events';
import { connectAll, PORTS } from './connect-all.ts';
import type { Target } from './connect-all.ts';

/** What a process in a namespace is to try. */
export type ConnectOrder = { readonly targets: readonly Target[] } | { readonly everyPortOf: string };

process.once('disconnect', () => process.exit(0));
const [order] = await once(process, 'message') as [ConnectOrder];
process.send?.(await connectAll('targets' in order ? order.targets : Array.from({ length: PORTS }, (_, index) => ({ host: order.everyPortOf, port: index + 1 }))));
