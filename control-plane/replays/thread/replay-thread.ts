/** The thread that carries out replays: what they open, ask and count never waits for the API, nor the API for them. */
import { parentPort, workerData } from 'node:worker_threads';
import { openKeys } from '@countersign/platform/keys/open-keys.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { openObjects } from '@countersign/platform/objects/open-objects.ts';
import { Database } from '@countersign/platform/postgres/database.ts';
import { Notifier } from '../../live/notifier.ts';
import type { ReplayThreadData, ToReplayThread } from './protocol.ts';
import { ReplayLoop } from './replay-loop.ts';

const { databaseUrl, keys: keySettings, logLevel, ...objectsSettings } = workerData as ReplayThreadData;
const PAGE_ROWS = 1_000;

const log = createLogger('control-plane', logLevel);
const database = new Database({ url: databaseUrl, applicationName: 'countersign policy replays', maxConnections: 4, onConnectionError: (error) => log.warn({ err: error }, 'a database connection broke') });
const ring = await openKeys(keySettings, { databaseUrl, onConnectionError: (error) => log.warn({ err: error }, 'a database connection broke') });
const loop = new ReplayLoop({ database, keys: ring.keys, objects: await openObjects(objectsSettings), notifier: new Notifier(database, log), log, page_rows: PAGE_ROWS });

parentPort?.on('message', (message: ToReplayThread) => {
  if (message === 'wake') loop.wake();
  else void stop();
});
loop.start();

async function stop(): Promise<void> {
  await loop.stop();
  await database.close();
  await ring.close();
  // Nothing is left that keeps the thread: it ends.
  parentPort?.close();
}
