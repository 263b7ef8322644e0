import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { AgentCell } from '@countersign/agent/testing/agent-cell.ts';
import { loadManifest } from '@countersign/connectors/sdk/load-manifest.ts';
import { writeBinary } from '../single-binary/single-binary.ts';
import { buildAgent } from './build-agent.ts';
import type { BuiltAgent } from './build-agent.ts';
import { readPublisherKey, readSigningKey, signRelease, verifyRelease } from './release.ts';
import { AgentHome } from './testing/agent-process.ts';

const MOST_BYTES = 130_000_000;
const MOST_IDLE_BYTES = 90_000_000;

let folder: string;
let built: BuiltAgent;
let home: AgentHome;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'agent-build-'));
  built = await buildAgent({ folder: path.join(folder, 'one'), publisher: null });
  home = await AgentHome.make(built.file);
}, 180_000);
afterEach(() => home.stop());
afterAll(async () => {
  await home.remove();
  await rm(folder, { recursive: true, force: true });
});

it('two builds have the same bytes, wherever they are made', async () => {
  const again = await buildAgent({ folder: path.join(folder, 'somewhere', 'else'), publisher: null });
  expect(again.release).toEqual(built.release);
  expect(built.release.size_bytes).toBeLessThan(MOST_BYTES);
  const bytes = await readFile(again.file);
  for (const place of [folder, process.cwd()]) expect(bytes.includes(place), place).toBe(false);
}, 120_000);

it('starts with nothing beside it, says what it is and of what it is made, and loads all that it runs with', async () => {
  expect(JSON.parse((await home.call(['version', '--json'])).stdout)).toMatchObject({ version: built.release.version, protocol: built.release.protocol, platform: built.release.platform });
  expect(await home.call(['version', '--self-test'])).toMatchObject({ code: 0, stderr: '' });
  const made = JSON.parse((await home.call(['version', '--sbom'])).stdout) as { specVersion: string; components: Array<{ name: string; version: string; purl: string; hashes: unknown[] }>; dependencies: Array<{ ref: string; dependsOn: string[] }> };
  expect(made.specVersion).toBe('1.6');
  expect(made.components.find(({ name }) => name === 'node')?.version).toBe(process.versions.node);
  expect(made.components.find(({ name }) => name === 'undici')?.hashes).toHaveLength(1);
  const known = new Set(made.dependencies.map(({ ref }) => ref));
  expect(made.components.filter(({ name, purl }) => name !== 'node' && !known.has(purl))).toEqual([]);
});

it('is what it is whatever the environment says of Node', async () => {
  const env = { NODE_OPTIONS: '--require /nowhere.js', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  expect(await home.call(['version'], { env })).toMatchObject({ code: 0, stderr: '' });
});

it('has the packages of connectors as they are here, by their digests', async () => {
  const bytes = await readFile(built.file);
  const { packageFiles } = loadManifest(new URL('../../../connectors/servicenow/manifest.yaml', import.meta.url));
  expect(bytes.includes(JSON.stringify(packageFiles[0]))).toBe(true);
});

it('enrols, asks its cell for work, and takes little memory while there is none', async () => {
  const cell = await AgentCell.start({ poll_held_ms: 200 });
  try {
    await home.enrol(cell.token());
    home.run();
    await cell.until(() => cell.agents.size > 0 && cell.agent().polls.length >= 5);
    await expect.poll(() => home.memory_bytes(), { timeout: 20_000 }).toBeLessThan(MOST_IDLE_BYTES);
    process.stdout.write(`idle: ${((await home.memory_bytes()) / 1_000_000).toFixed(1)} MB\n`);
    const found = JSON.parse((await home.call(['doctor', '--config', home.config, '--json'])).stdout) as unknown;
    expect(JSON.stringify(found)).toContain('"certificate"');
    expect(await home.stop()).toBe(0);
  } finally {
    await home.stop();
    await cell.stop();
  }
}, 60_000);

it('is signed beside, and one changed byte is no longer what was signed', async () => {
  const key = path.join(folder, 'key.pem');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const [other] = [path.join(folder, 'other.pem')];
  await writeFile(other, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
  const publisher = await readPublisherKey(key);
  expect(publisher).toEqual(publicKey.export({ format: 'jwk' }));
  const envelope = await signRelease(built.release, await readSigningKey(key));
  expect(() => verifyRelease(built.release, envelope, publisher)).not.toThrow();
  expect(() => verifyRelease({ ...built.release, sha256: built.release.sha256.replace(/^./, (first) => (first === '0' ? '1' : '0')) }, envelope, publisher)).toThrow(expect.objectContaining({ code: 'release_not_verified' }) as Error);
  const stranger = await readPublisherKey(other);
  expect(() => verifyRelease(built.release, envelope, stranger)).toThrow(expect.objectContaining({ code: 'release_not_verified' }) as Error);
});

it('is made of no other Node than the pinned one', async () => {
  const node = path.join(folder, 'other-node');
  const handle = await open(node, 'w');
  await handle.write('node/v22.0.0');
  await handle.close();
  await expect(writeBinary(path.join(folder, 'never'), { code: '' }, node)).rejects.toMatchObject({ code: 'binary_node_unusable' });
});
