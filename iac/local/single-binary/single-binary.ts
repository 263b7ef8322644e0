import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../config.ts';
import { SingleBinaryError } from './errors.ts';

/** A program with everything that it needs. */
export interface Program {
  /** CommonJS, which is all that Node takes here. */
  readonly code: string;
  /** What `getAsset` of `node:sea` gives, by name. */
  readonly assets?: Readonly<Record<string, string>>;
  /** Flags of Node that it always starts with. With them, `NODE_OPTIONS` is ignored. */
  readonly flags?: readonly string[];
}

/** The pinned Node. */
export const NODE = path.join(ROOT, 'node_modules/node/bin/node');
/** Puts a blob into a program; its own entry is its API, the program lies beside. */
const POSTJECT = path.join(path.dirname(createRequire(import.meta.url).resolve('postject')), 'cli.js');
/** By this Node finds out that something was put into it (nodejs.org/api/single-executable-applications.html). In two parts, so that no tool finds it here. */
const FUSE = `NODE_SEA${'_FUSE_fce680ab2cc467b6e072b8b5df1996b2'}`;
/** Within the blob: the path of the program, which would otherwise be of this machine. */
const NAMES = { program: 'program.cjs', blob: 'program.blob', config: 'sea.json' };

const run = promisify(execFile);

/**
 * Puts `program` into a copy of `node`, by Node's own means, and writes that as `file`. The same bytes come of the same program and the same Node.
 * Needs no network (decision record 0057).
 *
 * @param node another Node of the pinned version, for another platform
 * @throws SingleBinaryError
 */
export async function writeBinary(file: string, program: Program, node: string = NODE): Promise<void> {
  if (node !== NODE) await assertPinnedVersion(node);
  const folder = await mkdtemp(`${file}.parts-`);
  try {
    await writeBlob(folder, program);
    const [draft, final] = [path.join(folder, 'draft'), path.join(folder, path.basename(file))];
    await copyFile(node, draft);
    await tool(folder, [POSTJECT, draft, 'NODE_SEA_BLOB', NAMES.blob, '--sentinel-fuse', FUSE, ...(await isMachO(node) ? ['--macho-segment-name', 'NODE_SEA'] : [])]);
    // A file that was written in large pieces is kept in memory in large pieces, and a process of it counts 20 MB more than one of a copy.
    await copyFile(draft, final);
    await chmod(final, 0o755);
    await rename(final, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeBlob(folder: string, { code, assets = {}, flags = [] }: Program): Promise<void> {
  await writeFile(path.join(folder, NAMES.program), code);
  const files = Object.fromEntries(Object.keys(assets).toSorted().map((name) => [name, `asset-${name}`]));
  await Promise.all(Object.entries(files).map(([name, file]) => writeFile(path.join(folder, file), assets[name]!)));
  await writeFile(path.join(folder, NAMES.config), JSON.stringify({
    main: NAMES.program, output: NAMES.blob, assets: files, disableExperimentalSEAWarning: true, useSnapshot: false, useCodeCache: false,
    ...(flags.length > 0 ? { execArgv: flags, execArgvExtension: 'none' } : {}),
  }));
  await tool(folder, ['--experimental-sea-config', NAMES.config]);
}

/** What a blob looks like is Node's own affair, from version to version. */
async function assertPinnedVersion(node: string): Promise<void> {
  const bytes = await readFile(node).catch((cause: Error) => {
    throw new SingleBinaryError('binary_node_unusable', `${node} cannot be read: ${cause.message}`, { cause });
  });
  const { stdout } = await run(NODE, ['--version']);
  if (!bytes.includes(`node/${stdout.trim()}`) && !bytes.includes(stdout.trim())) {
    throw new SingleBinaryError('binary_node_unusable', `${node} is no Node ${stdout.trim()}, the version that this repository is pinned to. Get that one for your platform from nodejs.org, and check its checksum.`);
  }
}

/** Of macOS, by its first bytes. */
async function isMachO(node: string): Promise<boolean> {
  const magic = (await readFile(node)).subarray(0, 4).toString('hex');
  return ['cffaedfe', 'cafebabe'].includes(magic);
}

async function tool(folder: string, args: readonly string[]): Promise<void> {
  await run(NODE, [...args], { cwd: folder }).catch((cause: Error & { stderr?: string }) => {
    throw new SingleBinaryError('binary_tool_failed', `${path.basename(args[0] ?? NODE)} failed: ${(cause.stderr ?? cause.message).trim().slice(0, 500)}`, { cause });
  });
}
