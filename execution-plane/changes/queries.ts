import { texts } from '@countersign/platform/postgres/arrays.ts';
import type { Database, Statement } from '@countersign/platform/postgres/database.ts';

const notifyAll: Statement = {
  name: 'changes.notify',
  text: 'SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS n(channel, payload)',
};

export async function sendNotifications(database: Database, messages: ReadonlyArray<{ readonly channel: string; readonly payload: string }>): Promise<void> {
  await database.atOnce([], [{ statement: notifyAll, values: [texts(messages.map(({ channel }) => channel)), texts(messages.map(({ payload }) => payload))] }]);
}
