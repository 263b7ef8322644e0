import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

const notifyAll: Statement = {
  name: 'changes.notify',
  text: 'SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS n(channel, payload)',
};

export async function sendNotifications(tx: Transaction, messages: ReadonlyArray<{ channel: string; payload: string }>): Promise<void> {
  await tx.rows(notifyAll, [messages.map((message) => message.channel), messages.map((message) => message.payload)]);
}
