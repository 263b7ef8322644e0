import { expect, it } from 'vitest';
import { readConfig } from './config.ts';
import type { WorkerConfig } from './config.ts';

const read = (env: Record<string, string> = {}): WorkerConfig =>
  readConfig({ COUNTERSIGN_EXECUTION_DATABASE_URL: 'postgres://localhost/cell', COUNTERSIGN_OBJECTS_DIR: '/objects', COUNTERSIGN_KEY_FILE: '/key', ...env });

it('policy is looked for every five minutes, a bundle decides for fifteen, content is kept for two weeks', () => {
  expect(read()).toMatchObject({ policyRefreshMs: 300_000, policyTtlMs: 900_000, policyThreads: 2, retentionDays: 14 });
});

it('policy may be looked for as seldom as its bundles live, or never again; not less often than that', () => {
  expect(read({ COUNTERSIGN_POLICY_REFRESH_SECONDS: '900' }).policyRefreshMs).toBe(900_000);
  expect(read({ COUNTERSIGN_POLICY_REFRESH_SECONDS: '0' }).policyRefreshMs).toBe(0);
  expect(() => read({ COUNTERSIGN_POLICY_REFRESH_SECONDS: '901' })).toThrow('COUNTERSIGN_POLICY_REFRESH_SECONDS is "901". Set it to a whole number from 0 to 900.');
});

it('workers hear of work by PostgreSQL unless a queue is named, and share no Redis', () => {
  expect(read()).toMatchObject({ queue: null, redisUrl: null, pollMs: null });
  const queueUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/countersign-work';
  expect(read({ COUNTERSIGN_QUEUE_URL: queueUrl, COUNTERSIGN_REDIS_URL: 'rediss://cache:6379', COUNTERSIGN_POLL_MS: '2000' }))
    .toMatchObject({ queue: { queueUrl, endpoint: null, region: null }, redisUrl: 'rediss://cache:6379', pollMs: 2_000 });
  expect(() => read({ COUNTERSIGN_QUEUE_URL: 'countersign-work' })).toThrow('COUNTERSIGN_QUEUE_URL is "countersign-work". Set it to a URL that begins with https://');
  expect(() => read({ COUNTERSIGN_REDIS_URL: 'cache:secret' })).toThrow(/^COUNTERSIGN_REDIS_URL is not a URL of Redis\. (?!.*secret)/);
});

it('instances reach inside whatever they name, unless the operator says what', () => {
  expect(read().internalHosts).toBeNull();
  expect(read({ COUNTERSIGN_INTERNAL_HOSTS: 'none' }).internalHosts).toEqual([]);
  expect(read({ COUNTERSIGN_INTERNAL_HOSTS: 'Desk.example.internal:443, [fd00::1]:8443' }).internalHosts).toEqual(['desk.example.internal:443', '[fd00::1]:8443']);
  expect(() => read({ COUNTERSIGN_INTERNAL_HOSTS: 'desk.example.internal' })).toThrow('COUNTERSIGN_INTERNAL_HOSTS holds "desk.example.internal". Set it to host:port');
});
