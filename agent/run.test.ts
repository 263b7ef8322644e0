import { mkdtempSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '@countersign/platform/log/logger.ts';
import { readConfig } from './config/read-config.ts';
import type { AgentConfig } from './config/agent-config.ts';
import { enrol } from './enrolment/enrol.ts';
import { runAgent } from './run.ts';
import type { RunEnd } from './run.ts';
import { isRunning, readStatus } from './status/status-file.ts';
import { AgentCell } from './testing/agent-cell.ts';

let cell: AgentCell;
let config: AgentConfig;
const log = createLogger('test', 'silent');
const ABOUT = { version: '0.1.0', platform: 'linux-x64', labels: {}, capacity: 8 };

beforeEach(() => {
  config = readConfig('agent.yaml', `{ state_dir: ${join(mkdtempSync(join(tmpdir(), 'run-')), 'state')}, shutdown_s: 1, spool: { limit_bytes: 16777216, reserve_bytes: 1048576 } }`, {});
});
afterEach(() => cell.stop());

async function enrolled(options: Parameters<typeof AgentCell.start>[0] = {}): Promise<void> {
  cell = await AgentCell.start(options);
  await enrol({ state_dir: config.state_dir, token: cell.token(), proxy: null, about: ABOUT });
}

function started(machine: () => Date = () => new Date()): { readonly ended: Promise<RunEnd>; stop(reason: string): void } {
  const stopping = Promise.withResolvers<string>();
  return { ended: runAgent({ config, env: {}, log, stopping: stopping.promise, machine }), stop: stopping.resolve };
}

const told = (): ReadonlyArray<readonly [string, unknown]> => cell.entries().map(({ kind, body }) => [kind, body]);

describe('an agent that runs', () => {
  it('tells that it began, how it is while it does, and that and why it ended; the next run goes on with the same history', async () => {
    await enrolled();
    for (const reason of ['SIGTERM', 'SIGINT']) {
      const { ended, stop } = started();
      await cell.until(() => told().at(-1)?.[0] === 'agent.started');
      await expect.poll(async () => (await readStatus(config.state_dir))?.state).toBe('running');
      expect(isRunning((await readStatus(config.state_dir))!, new Date())).toBe(true);
      stop(reason);
      expect(await ended).toEqual({ kind: 'stopped', reason });
    }
    expect(told()).toEqual([['agent.started', { version: '0.1.0' }], ['agent.stopped', { reason: 'SIGTERM' }], ['agent.started', { version: '0.1.0' }], ['agent.stopped', { reason: 'SIGINT' }]]);
    expect(cell.agent().inboxes.size).toBe(1);
    expect(cell.agent().polls.at(-1)).toMatchObject({ draining: true, free: 0 });
    expect(await readStatus(config.state_dir)).toMatchObject({ state: 'stopped', session: { connected: false }, orders: { under_way: [] } });
    expect(statSync(join(config.state_dir, 'status.json')).mode & 0o077).toBe(0);
  });

  it('ends where the cell has revoked it, and says so', async () => {
    await enrolled();
    const { ended } = started();
    await cell.until(() => cell.agent().polls.length === 1);
    cell.say(() => { cell.agent().state = 'revoked'; });
    expect(await ended).toMatchObject({ kind: 'dismissed', error: { problem: { code: 'agent_revoked' } } });
  });

  it('ends where its certificate has expired while the cell was away, and keeps what it has to deliver', async () => {
    await enrolled();
    const { ended } = started();
    await cell.until(() => cell.agent().polls.length === 1);
    cell.deliveries = Array.from({ length: 1_000 }, () => 'lost before');
    cell.now = () => new Date(Date.now() + 2 * 3_600_000);
    cell.cut();
    expect(await ended).toMatchObject({ kind: 'dismissed', error: { problem: { code: 'agent_expired' } } });
    expect((await readStatus(config.state_dir))?.spool).toMatchObject({ state: 'open', seq: 1 });
    cell.deliveries = [];
    await enrol({ state_dir: config.state_dir, again: true, token: cell.token(), proxy: null, about: ABOUT });
    const { ended: again, stop } = started();
    await cell.until(() => told().length === 3);
    stop('SIGTERM');
    await again;
    expect(told().map(([kind]) => kind)).toEqual(['agent.started', 'agent.stopped', 'agent.started', 'agent.stopped']);
  });

  it('does not begin with a certificate that has expired, and asks the cell where its own clock may be to blame', async () => {
    await enrolled({ certificate_ms: 60_000 });
    await expect(started(() => new Date(Date.now() + 20 * 60_000)).ended).rejects.toMatchObject({ code: 'certificate_expired', message: expect.stringContaining('enroll --again') as string });
    const { ended, stop } = started(() => new Date(Date.now() + 10 * 60_000));
    await cell.until(() => told().some(([kind]) => kind === 'agent.started'));
    stop('test');
    await ended;
  });

  it('says no secret of its settings in its log or its status, whatever becomes of the proxy', async () => {
    await enrolled();
    const lines: string[] = [];
    const tried = Promise.withResolvers<void>();
    const noted = createLogger('test', 'debug', { write: (line) => {
      lines.push(line);
      if (line.includes('proxy_refused')) tried.resolve();
    } });
    const proxy = createServer((socket) => socket.once('data', (head) => socket.end(`HTTP/1.1 407 Who are you\r\nX-Echo: ${head.toString('base64')}\r\n\r\n`))).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const settings = { ...config, control_plane: { proxy: { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, username: { env: 'PROXY_USER' }, password: { env: 'PROXY_PASSWORD' } } } };
    const stopping = Promise.withResolvers<string>();
    const ended = runAgent({ config: settings, env: { PROXY_USER: 'u', PROXY_PASSWORD: 'zebra' }, log: noted, stopping: stopping.promise });
    await tried.promise;
    stopping.resolve('test');
    await ended;
    proxy.close();
    const told = lines.join('') + JSON.stringify(await readStatus(config.state_dir));
    expect(told).toContain('proxy_refused');
    for (const secret of ['zebra', Buffer.from('u:zebra').toString('base64'), 'PRIVATE KEY']) expect(told).not.toContain(secret);
  });

  it('begins without its cell, and stops in time', async () => {
    await enrolled();
    await cell.stop();
    const { ended, stop } = started();
    await expect.poll(async () => (await readStatus(config.state_dir))?.state).toBe('running');
    stop('SIGTERM');
    expect(await ended).toEqual({ kind: 'stopped', reason: 'SIGTERM' });
    cell = await AgentCell.start();
  });
});
