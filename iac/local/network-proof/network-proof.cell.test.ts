import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { baseEnvironment } from '../config.ts';
import { findNamespace } from './namespace.ts';

test('a worker that can reach its database and one proxy takes a ticket all the way, and opens no other socket', async () => {
  const { code, stdout, stderr } = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [path.join(import.meta.dirname, 'network-proof.ts'), '--tickets', '1', '--json'], { env: baseEnvironment() }, (error, out, err) => resolve({ code: Number(error?.code ?? 0), stdout: out, stderr: err }));
  });
  if ('unavailable' in await findNamespace()) {
    expect([code, stderr]).toEqual([8, expect.stringContaining('This proof')]);
    return;
  }
  expect([code, stderr]).toEqual([0, expect.stringContaining('confined')]);
  const figures = JSON.parse(stdout) as { database_connections: number; proxy_connections: number };
  expect(figures).toMatchObject({ tickets: 1, written_back: 1, evidence_verified: 1, direct_reached: [], other_sockets: [], proxy_refused: [], kernel_connections_begun: figures.database_connections + figures.proxy_connections });
}, 240_000);
