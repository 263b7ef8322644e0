import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PROTOCOL } from '@countersign/contracts/agent/protocol.ts';
import { RELEASE_FORMAT } from '@countersign/contracts/agent/release.ts';
import type { AgentRelease } from '@countersign/contracts/agent/release.ts';
import type { PublisherJwk } from '@countersign/contracts/connectors/package/signature.ts';
import { ROOT } from '../config.ts';
import { NODE, writeBinary } from '../single-binary/single-binary.ts';
import { bundle } from './bundle.ts';
import { dependencyList } from './deps.ts';
import { packagesOf } from './packages.ts';
import { partsOf } from './parts.ts';
import { billOfMaterials } from './sbom.ts';

export interface AgentBuild {
  /** Folder that the binary is written to. */
  readonly folder: string;
  /** A Node of the pinned version for another platform, and which that is; absent: this machine's. */
  readonly foreign?: { readonly node: string; readonly platform: string };
  /** Absent: what agent/package.json says. */
  readonly version?: string;
  /** Whoever's signature the binary asks of its successors; null: nobody's but the tenant's. */
  readonly publisher: PublisherJwk | null;
}

export interface BuiltAgent {
  readonly file: string;
  readonly release: AgentRelease;
}

const MAIN = 'agent/main.ts';
const POLICY_THREAD = 'platform/opa/pool/thread-main.ts';
/**
 * Memory before speed: an agent waits for other systems most of the time. Its code is optimised by Maglev and policy by Liftoff, and no further (decision record 0057). node:sqlite calls
 * itself experimental, which is nothing to tell whoever runs an agent.
 */
const FLAGS = ['--max-semi-space-size=1', '--optimize-for-size', '--no-turbofan', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering', '--disable-warning=ExperimentalWarning'];

/**
 * Builds the agent as one file. The same tree and the same Node give the same bytes, in any folder and on any machine.
 * @throws AgentBuildError, SingleBinaryError
 */
export async function buildAgent({ folder, foreign, publisher, version: wanted }: AgentBuild): Promise<BuiltAgent> {
  await mkdir(folder, { recursive: true });
  const version = wanted ?? (await agentManifest()).version;
  const { node, platform } = foreign ?? { node: NODE, platform: `${process.platform}-${process.arch}` };
  const [main, thread] = [await bundle(MAIN, version), await bundle(POLICY_THREAD)];
  const runtime = { version: process.versions.node, sha256: await sha256Of(node), versions: process.versions as Record<string, string> };
  const file = path.join(folder, `countersign-agent${platform.startsWith('win32') ? '.exe' : ''}`);
  await writeBinary(file, {
    code: main.code, flags: FLAGS,
    assets: {
      'packages.json': JSON.stringify(packagesOf(main.metafile)),
      'policy-thread.cjs': thread.code,
      'publisher.json': JSON.stringify(publisher),
      'sbom.json': billOfMaterials(version, await partsOf([main.metafile, thread.metafile]), runtime),
    },
  }, node);
  return { file, release: { format: RELEASE_FORMAT, version, platform, sha256: await sha256Of(file), size_bytes: (await stat(file)).size, protocol: PROTOCOL } };
}

/** What `agent/deps.txt` holds. @throws AgentBuildError */
export async function agentDependencies(): Promise<string> {
  return dependencyList(await partsOf([(await bundle(MAIN)).metafile, (await bundle(POLICY_THREAD)).metafile]), process.versions.node);
}

async function agentManifest(): Promise<{ version: string }> {
  return JSON.parse(await readFile(path.join(ROOT, 'agent/package.json'), 'utf8')) as { version: string };
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
