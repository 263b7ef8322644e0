/**
 * Compiles the seeded policies to WASM: `node policies/build.ts` writes `policies/generated/` and `policies/capabilities.json`;
 * with `--check` it compares them instead and fails where they differ. The compiler gives the same bytes for the same sources and
 * version, so the comparison is of bytes. The generated files are committed, and a cell starts where OPA cannot be had.
 */
import { mkdtemp, readFile, readdir, rm, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { API_ENTRYPOINT } from '@countersign/contracts/policy/api-table.ts';
import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { PARTS_FILE } from '@countersign/platform/opa/bundle/parts.ts';
import type { PartsDescription } from '@countersign/platform/opa/bundle/parts.ts';
import { readTar } from '@countersign/platform/opa/bundle/tar.ts';
import { WASM_FILE } from '@countersign/platform/opa/bundle/contents.ts';
import { ALLOWED_BUILTINS } from './allowed-builtins.ts';
import { findOpa, runOpa } from './opa-command.ts';
import { API_SET, POLICY_SETS, foldersOf } from './sets.ts';
import { probesOf, readVectors } from './vectors/read-vectors.ts';

const POLICIES = import.meta.dirname;
const CAPABILITIES_FILE = 'capabilities.json';

const opa = await findOpa();
const generated = new Map<string, Uint8Array>([[CAPABILITIES_FILE, await capabilities()]]);
// The compiler reads the capabilities from a file: the fresh ones, not those that may be out of date.
const scratch = await mkdtemp(join(tmpdir(), 'countersign-policies-'));
try {
  await writeFile(join(scratch, CAPABILITIES_FILE), await capabilities());
  const sets = [
    ...await Promise.all(POLICY_SETS.map(async (set) => ({ name: set.name, folders: foldersOf(set), entrypoint: DECISION_ENTRYPOINT, probes: probesOf(await readVectors(set)) }))),
    // Its questions have another form: the control plane asks it all of its table before it uses it.
    { name: API_SET.name, folders: [API_SET.folder], entrypoint: API_ENTRYPOINT, probes: [] },
  ];
  for (const set of sets) {
    for (const [name, content] of await compile(set)) generated.set(join('generated', set.name, name), content);
  }
} finally {
  await rm(scratch, { recursive: true });
}

if (process.argv.includes('--check')) await compareWithCommitted();
else await writeGenerated();

interface Compiled extends Pick<PartsDescription, 'name' | 'entrypoint' | 'probes'> {
  readonly folders: readonly string[];
}

async function compile({ name, folders, entrypoint, probes }: Compiled): Promise<Array<[string, Uint8Array]>> {
  const sources = (await Promise.all(folders.map(regoFilesIn))).flat().sort();
  const archive = join(scratch, `${name}.tar.gz`);
  await runOpa(opa, ['build', '--target', 'wasm', '--entrypoint', entrypoint, '--capabilities', join(scratch, CAPABILITIES_FILE), '--output', archive, ...sources]);
  const built = new Map(readTar(gunzipSync(await readFile(archive))));
  const wasm = built.get(`/${WASM_FILE}`);
  if (wasm === undefined) throw new Error(`opa build wrote no /${WASM_FILE} for ${name}`);
  const description: PartsDescription = {
    name,
    opa_version: await opaVersion(),
    entrypoint,
    roots: ['countersign'],
    sources: Object.fromEntries(await Promise.all(sources.map(async (path) => [path, digestOfBytes(await readFile(join(POLICIES, path)))]))),
    wasm: digestOfBytes(wasm),
    probes,
  };
  return [[WASM_FILE, wasm], [PARTS_FILE, jsonFile(description)]];
}

/** The policy sources of a folder, without its tests, as paths from the folder of the policies. */
async function regoFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(POLICIES, folder));
  return names.filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego')).map((name) => `${folder}/${name}`);
}

async function opaVersion(): Promise<string> {
  return /^Version: (\S+)$/m.exec(await runOpa(opa, ['version']))?.[1] ?? 'unknown';
}

/** OPA's own capabilities of this version, cut down to what policy may use. */
async function capabilities(): Promise<Uint8Array> {
  const all = JSON.parse(await runOpa(opa, ['capabilities', '--current'])) as { builtins: Array<{ name: string }> };
  const builtins = all.builtins.filter(({ name }) => ALLOWED_BUILTINS.includes(name));
  const unknown = ALLOWED_BUILTINS.filter((name) => !builtins.some((builtin) => builtin.name === name));
  if (unknown.length > 0) throw new Error(`this OPA has no built-in ${unknown.join(', ')}`);
  return jsonFile({ ...all, builtins, allow_net: [] });
}

async function compareWithCommitted(): Promise<void> {
  const differing: string[] = [];
  for (const [path, content] of generated) {
    const committed = await readFile(join(POLICIES, path)).catch(() => null);
    if (committed === null || Buffer.compare(committed, content) !== 0) differing.push(path);
  }
  if (differing.length > 0) {
    process.stderr.write(`out of date: ${differing.map((path) => `policies/${path}`).join(', ')}. Run \`node policies/build.ts\` and commit the result\n`);
    process.exitCode = 1;
  }
}

async function writeGenerated(): Promise<void> {
  for (const [path, content] of generated) {
    await mkdir(dirname(join(POLICIES, path)), { recursive: true });
    await writeFile(join(POLICIES, path), content);
    process.stdout.write(`policies/${path} ${digestOfBytes(content)}\n`);
  }
}

function jsonFile(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8');
}
