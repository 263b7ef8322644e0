import { once } from 'node:events';
import { createServer } from 'node:net';
import { PostgresStartError } from './errors.ts';

/** PostgreSQL is offered to this machine only. */
export const HOST = '127.0.0.1';

/**
 * A port that is free right now: the one asked for, or any when it is 0.
 * @throws PostgresStartError `postgres_port_taken`
 */
export async function findPort(wanted: number): Promise<number> {
  const probe = createServer();
  try {
    const listening = once(probe, 'listening');
    probe.listen(wanted, HOST);
    await listening;
    const address = probe.address();
    return typeof address === 'object' && address !== null ? address.port : wanted;
  } catch (cause) {
    throw portTaken(wanted, cause);
  } finally {
    probe.close();
  }
}

export function portTaken(port: number, cause?: unknown, serverLog?: string): PostgresStartError {
  return new PostgresStartError(
    'postgres_port_taken',
    `PostgreSQL cannot listen on ${HOST}:${port}: the port is taken or not allowed. ` +
      'Stop the program that listens there, or give another one through the option "port" (0 takes any that is free).',
    { cause, ...(serverLog === undefined ? {} : { serverLog }) },
  );
}
