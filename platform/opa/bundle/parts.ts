import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfBytes } from '../../canonical-json/canonicalize.ts';
import { parseStrict } from '../../canonical-json/parse-strict.ts';
import type { JsonValue } from '../../canonical-json/parse-strict.ts';
import type { BundleFiles } from './archive.ts';
import { DATA_FILE, MANIFEST_FILE, WASM_FILE, structuredFile } from './contents.ts';
import type { BundleManifest, BundleMetadata, Probe, RulePlace } from './contents.ts';
import { BundleError } from './errors.ts';

export const PARTS_FILE = 'parts.json';

/** `parts.json`: what a compiled set of policies was made from and by. Written by `policies/build.ts`, committed. */
export interface PartsDescription {
  readonly name: string;
  readonly opa_version: string;
  readonly entrypoint: string;
  readonly roots: readonly string[];
  /** `sha256:<hex>` by path from the folder of the policies. */
  readonly sources: Readonly<Record<string, string>>;
  readonly wasm: string;
  readonly probes: readonly Probe[];
  /** Facts that the rules read. */
  readonly reads?: readonly string[];
  /** Where the verdict of each rule is written. */
  readonly rules?: Readonly<Record<string, RulePlace>>;
  readonly packs?: readonly string[];
}

/** What a bundle says of how it came about and how it is used; of what is shipped there is nothing to say. */
export type BundleRelease = Partial<Pick<BundleMetadata, 'layers' | 'mode' | 'keep'>>;

/** What a bundle is made of before it has a revision and a signature. */
export interface BundleParts {
  readonly description: PartsDescription;
  readonly sources: BundleFiles;
  readonly wasm: Uint8Array;
}

/**
 * Reads a compiled set from `<policies>/generated/<name>` with its sources from `<policies>`. Sources that are not those it was
 * compiled from are refused: a bundle must not show one policy and run another.
 */
export async function readBundleParts(policies: string, name: string): Promise<BundleParts> {
  const folder = join(policies, 'generated', name);
  const description = parseStrict(await read(join(folder, PARTS_FILE))) as unknown as PartsDescription;
  const wasm = await read(join(folder, WASM_FILE));
  assertUnchanged(WASM_FILE, wasm, description.wasm);
  const sources = new Map<string, Uint8Array>();
  for (const [path, digest] of Object.entries(description.sources)) {
    const source = await read(join(policies, path));
    assertUnchanged(path, source, digest);
    sources.set(path, source);
  }
  return { description, sources, wasm };
}

/** The files to sign: manifest, data, WASM and sources. `revision` is what people and records call this policy by. */
export function assembleBundle({ description, sources, wasm }: BundleParts, revision: string, data: JsonValue = {}, { layers = {}, mode = 'enforce', keep = {} }: BundleRelease = {}): BundleFiles {
  const { opa_version, entrypoint, probes, reads = [], rules = {}, packs = packsAmong(sources) } = description;
  const manifest: BundleManifest = {
    revision,
    roots: description.roots,
    rego_version: 1,
    metadata: { countersign: { opa_version, wasm: [{ entrypoint, module: WASM_FILE }], probes, reads, rules, layers, packs, mode, keep } },
  };
  return new Map([...sources, [MANIFEST_FILE, structuredFile(MANIFEST_FILE, manifest)], [DATA_FILE, structuredFile(DATA_FILE, data)], [WASM_FILE, wasm]]);
}

/** `packs/<name>/..` */
function packsAmong(sources: BundleFiles): string[] {
  const names = [...sources.keys()].flatMap((path) => /^packs\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new BundleError('bundle_parts_missing', `${path} cannot be read: run \`node policies/build.ts\``, { cause });
  }
}

function assertUnchanged(path: string, content: Uint8Array, digest: string): void {
  if (digestOfBytes(content) === digest) return;
  throw new BundleError('bundle_parts_out_of_date', `${path} is not what the compiled policy was made with: run \`node policies/build.ts\``);
}
