/**
 * The sequencer of a control plane, in a process of its own: woken by the notifications of the engine as in a cell, and by whoever started it where
 * nobody notifies; told to stop. It signs each chain once and then never again: with a checkpoint a worker begins to build evidence, which is not
 * what is measured here.
 */
import { changeOf, CHANGES_CHANNEL } from '@countersign/contracts/events/change.ts';
import { FileKeys } from '@countersign/platform/keys/file-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { FolderObjects } from '@countersign/platform/objects/folder-objects.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Listener } from '@countersign/platform/postgres/listener.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { boundFetch } from '@countersign/control-plane/outbound/bound-fetch.ts';
import { Sequencer } from '@countersign/control-plane/audit/sequencer.ts';

const NEVER_MS = 86_400_000;

const [controlUrl = '', folder = ''] = process.argv.slice(2);
const database = new Database({ url: controlUrl, applicationName: 'bench sequencer' });
const sequencer = new Sequencer({
  database, keys: await FileKeys.open(`${folder}/key`, { create: true }), objects: new FolderObjects(`${folder}/objects`), clock: systemClock, log: createLogger('bench', 'error'),
  fetchTo: () => boundFetch({ allowLoopback: false }), pace: { grown_ms: NEVER_MS, idle_ms: NEVER_MS, wanted_ms: NEVER_MS, lock_days: 0 },
});
const listener = new Listener(controlUrl, { [CHANGES_CHANNEL]: (payload) => sequencer.wake(changeOf(payload)?.tenant_id ?? null) }, (error) => { throw error; });
process.on('message', (message: { readonly wake: string } | 'stop') => {
  if (message === 'stop') void Promise.all([sequencer.stop(), listener.stop()]).then(() => database.close()).then(() => process.exit(0));
  else sequencer.wake(message.wake);
});
sequencer.start();
await listener.start();
process.send?.('ready');
