import { once } from 'node:events';
import { forward } from '../network-proof/forwarding.ts';
import type { Place } from '../network-proof/forwarding.ts';

/** A process in a namespace that hands connections on, one end of them a Unix socket. It ends with whoever started it. */
process.once('disconnect', () => process.exit(0));
const [{ from, to }] = await once(process, 'message') as [{ from: Place; to: Place }];
await forward(from, to);
process.send?.({ ready: true });
