/** The sequencer of a control plane, in a process of its own: woken as by notifications, told to stop. */
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { boundFetch } from '@countersign/control-plane/outbound/bound-fetch.ts';
import { Sequencer } from '@countersign/control-plane/audit/sequencer.ts';

const [controlUrl = '', folder = ''] = process.argv.slice(2);
const database = new Database({ url: controlUrl, applicationName: 'bench sequencer' });
const sequencer = new Sequencer({
  database, keys: await FileKeys.open(`${folder}/key`, { create: true }), objects: new FolderObjects(`${folder}/objects`), clock: systemClock, log: createLogger('bench', 'error'),
  fetchTo: () => boundFetch({ allowLoopback: false }), pace: { grown_ms: 60_000, idle_ms: 3_600_000, wanted_ms: 2_000, lock_days: 0 },
});
process.on('message', (message: { readonly wake: string } | 'stop') => {
  if (message === 'stop') void sequencer.stop().then(() => database.close()).then(() => process.exit(0));
  else sequencer.wake(message.wake);
});
sequencer.start();
process.send?.('ready');
