import { randomUUID } from 'node:crypto';
import { Notifier } from '../changes/notifier.ts';
import { wakeConformance } from './conformance.ts';
import { PostgresWake } from './postgres-wake.ts';
import { breakListeners } from './testing/queries.ts';

wakeConformance('PostgreSQL', () => Promise.resolve({
  open: (database, databaseUrl) => new PostgresWake({ databaseUrl, notifier: new Notifier(database, () => undefined), worker: randomUUID(), onError: () => undefined, pollMs: null }),
  interrupt: (made) => breakListeners(made.adminUrl),
  stop: () => Promise.resolve(),
}));
