import { expect, it } from 'vitest';
import { startFailure } from './server-log.ts';

const AT = '2026-01-01 00:00:00.000 UTC [7] ';

it.each([
  ['postgres_port_taken', `${AT}LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\n${AT}FATAL:  could not create any TCP/IP sockets`],
  ['postgres_already_running', `${AT}FATAL:  lock file "postmaster.pid" already exists`],
  ['postgres_already_running', `${AT}FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use`],
  ['postgres_disk_full', `${AT}PANIC:  could not write to file "pg_wal/xlogtemp.7": No space left on device`],
  ['postgres_data_broken', `${AT}PANIC:  could not locate a valid checkpoint record at 0/1`],
  ['postgres_data_broken', `postgres: could not find the database system\nExpected to find it in the directory "/cell", but could not open file`],
  ['postgres_start_failed', `${AT}FATAL:  could not map anonymous shared memory: Cannot allocate memory`],
  ['postgres_start_failed', ''],
])('%s: %s', (code, serverLog) => {
  expect(startFailure(serverLog, '/cell/postgres', 5432)).toMatchObject({ code, serverLog });
});

it('gives the reason in the message, without time and process', () => {
  expect(startFailure(`${AT}FATAL:  could not map anonymous shared memory: Cannot allocate memory`, '/cell/postgres', 5432).message)
    .toBe('PostgreSQL did not start in /cell/postgres: could not map anonymous shared memory: Cannot allocate memory');
});
