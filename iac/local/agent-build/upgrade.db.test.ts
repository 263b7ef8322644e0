import { generateKeyPairSync } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PublisherJwk } from '@countersign/contracts/connectors/package/signature.ts';
import { AgentPort } from '@countersign/control-plane/agents/testing/agent-port.ts';
import { buildAgent, sha256Of } from './build-agent.ts';
import type { BuiltAgent } from './build-agent.ts';
import { signRelease } from './release.ts';
import { AgentHome } from './testing/agent-process.ts';

/** The whole way with binaries: a pool of a real control plane is given the next version, and then one that cannot be started. */

const KEY = generateKeyPairSync('ed25519');
const publisher = KEY.publicKey.export({ format: 'jwk' }) as unknown as PublisherJwk;
const SLOW_MS = 60_000;

let folder: string;
let port: AgentPort;
let home: AgentHome;
let first: BuiltAgent;
let next: BuiltAgent;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'agent-upgrade-'));
  const releases = path.join(folder, 'releases');
  await mkdir(releases);
  first = await buildAgent({ folder: path.join(folder, 'first'), publisher, version: '0.1.0' });
  next = await buildAgent({ folder: path.join(folder, 'next'), publisher, version: '0.1.1' });
  await copyFile(next.file, path.join(releases, next.release.sha256));
  port = await AgentPort.start({ COUNTERSIGN_AGENT_RELEASES_DIR: releases });
  home = await AgentHome.make(first.file);
}, 180_000);
afterAll(async () => {
  await home.remove();
  await port.stop();
  await rm(folder, { recursive: true, force: true });
});

async function begin(release: BuiltAgent['release']): Promise<string> {
  const { status, body } = await port.plane.api('POST', '/api/v1/agent-rollouts', { json: { pool_id: port.poolId, signature: await signRelease(release, KEY.privateKey), shares: [100], stage_min_s: 0, reason: 'The next version' } });
  if (status !== 201) throw new TypeError(JSON.stringify(body));
  return String(body['id']);
}

async function rollout(id: string): Promise<unknown> {
  return ((await port.plane.api('GET', '/api/v1/agent-rollouts')).body['items'] as Array<{ id: string }>).find((one) => one.id === id);
}

async function versionHeard(): Promise<unknown> {
  return ((await port.plane.api('GET', '/api/v1/agents')).body['items'] as Array<{ agent_version: string; presence: object | null }>)[0]!.agent_version;
}

it('an agent stays with what it runs when a release cannot be started, takes one that can, and runs that in its own place', async () => {
  await home.enrol(await port.token());
  home.run();
  const broken = path.join(folder, 'releases', 'broken');
  await writeFile(broken, '#!/bin/sh\nexit 1\n');
  const sha256 = await sha256Of(broken);
  await copyFile(broken, path.join(folder, 'releases', sha256));
  const bad = await begin({ ...next.release, sha256, size_bytes: (await stat(broken)).size });
  await expect.poll(() => rollout(bad), { timeout: SLOW_MS }).toMatchObject({ state: 'halted', halt_code: 'agent_failed' });
  expect(await home.runs()).toBe(first.file);

  const good = await begin(next.release);
  await expect.poll(() => home.runs(), { timeout: SLOW_MS }).toBe(path.join(home.folder, 'state/versions', next.release.sha256));
  await expect.poll(() => versionHeard(), { timeout: SLOW_MS }).toBe('0.1.1');
  expect(await rollout(good)).toMatchObject({ state: 'running', agents: { under_way: 1, failed: 0 } });

  // Started again it is the file that was installed, which makes way at once.
  expect(await home.stop()).toBe(0);
  home.run();
  await expect.poll(() => home.runs(), { timeout: SLOW_MS }).toBe(path.join(home.folder, 'state/versions', next.release.sha256));
}, 180_000);
