import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import { BUNDLE_MODES } from '@countersign/contracts/policy/bundle-scope.ts';
import { canonicalBytes } from '../../canonical-json/canonicalize.ts';
import { parseCanonical } from '../../canonical-json/parse-strict.ts';
import type { JsonValue } from '../../canonical-json/parse-strict.ts';
import { MAX_BUNDLE_BYTES } from './archive.ts';
import type { BundleFiles } from './archive.ts';
import { BundleError } from './errors.ts';

export const MANIFEST_FILE = '.manifest';
export const DATA_FILE = 'data.json';
export const WASM_FILE = 'policy.wasm';
export const SIGNATURES_FILE = '.signatures.json';

/** A known decision that an instance must give before it decides anything. */
export interface Probe {
  readonly input: JsonValue;
  readonly outcome: string;
}

/** Where the verdict of a rule is written: a file of the bundle, and a line of it from 1. */
export interface RulePlace {
  readonly file: string;
  readonly line: number;
}

/** What a bundle says about itself beside what OPA wants to know. */
export interface BundleMetadata {
  readonly opa_version: string;
  readonly wasm: ReadonlyArray<{ readonly entrypoint: string; readonly module: string }>;
  readonly probes: readonly Probe[];
  /** The facts that its rules read (`counters`, `budget`): a decision point looks these up and no others. */
  readonly reads: readonly string[];
  /** By rule name, such as `tenant/no_friday_deploys`. */
  readonly rules: Readonly<Record<string, RulePlace>>;
  /** The published versions that it is made of, by layer. Empty for what is shipped. */
  readonly layers: Readonly<Record<string, { readonly version: number }>>;
  readonly packs: readonly string[];
  readonly mode: BundleMode;
  /** Parameters that the decision log may keep in the clear: RFC 6901 pointers by `<connector>/<action>`. */
  readonly keep: Readonly<Record<string, readonly string[]>>;
}

/**
 * OPA's manifest with ours under `metadata.countersign`, which OPA keeps and ignores.
 *
 * Where the WASM is and what it answers is named there too and not in the manifest's own `wasm`: an OPA built without a WASM
 * engine (its static release and `go install` are) refuses a bundle with such an entry, and any OPA serves the Rego sources.
 */
export interface BundleManifest {
  readonly revision: string;
  readonly roots: readonly string[];
  readonly rego_version: 1;
  readonly metadata: {
    readonly countersign: BundleMetadata;
  };
}

/**
 * The bytes of `.manifest` or `data.json`. OPA hashes these two as documents (its own key order, its own escapes, numbers as
 * written), everything else as bytes. In canonical form both hashes are the same, as long as keys are ASCII and no text holds
 * U+2028 or U+2029, which Go escapes: both are refused, so that stock OPA agrees with every digest of ours.
 */
export function structuredFile(name: string, value: unknown): Uint8Array {
  assertHashedAlike(name, value);
  return canonicalBytes(value, MAX_BUNDLE_BYTES);
}

/** Reads a structured file; refuses any spelling but the one structuredFile writes. */
export function readStructured(files: BundleFiles, name: string): JsonValue {
  const bytes = files.get(name);
  if (bytes === undefined) throw new BundleError('bundle_malformed', `the bundle has no ${name}`);
  try {
    const value = parseCanonical(bytes, MAX_BUNDLE_BYTES);
    assertHashedAlike(name, value);
    return value;
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw new BundleError('bundle_malformed', `${name} is not canonical JSON`, { cause });
  }
}

/** The manifest, once its shape is what a decision point relies on. What bundles of before issue it without reads as none. */
export function readManifest(files: BundleFiles): BundleManifest {
  const manifest: unknown = readStructured(files, MANIFEST_FILE);
  if (!isManifest(manifest)) throw new BundleError('bundle_malformed', 'the manifest lacks its revision, roots, WASM entrypoint or probes');
  const { metadata } = manifest;
  return { ...manifest, metadata: { ...metadata, countersign: { ...NOTHING_SAID, ...metadata.countersign } } };
}

const NOTHING_SAID: Omit<BundleMetadata, 'opa_version' | 'wasm' | 'probes'> = { reads: [], rules: {}, layers: {}, packs: [], mode: 'enforce', keep: {} };

function isManifest(value: unknown): value is BundleManifest {
  if (!isObject(value) || typeof value['revision'] !== 'string' || value['rego_version'] !== 1) return false;
  const { roots, metadata } = value;
  return Array.isArray(roots) && roots.every(isText) && isObject(metadata) && isMetadata(metadata['countersign']);
}

function isMetadata(ours: JsonValue | undefined): boolean {
  if (!isObject(ours)) return false;
  const { opa_version, wasm, probes, reads = [], rules = {}, layers = {}, packs = [], mode = 'enforce', keep = {} } = ours;
  return (
    isText(opa_version) &&
    isListOf(wasm, (module) => isObject(module) && isText(module['entrypoint']) && module['module'] === WASM_FILE) &&
    isListOf(probes, (probe) => isObject(probe) && 'input' in probe && isText(probe['outcome'])) &&
    isListOf(reads, isText) &&
    isMapOf(rules, (place) => isObject(place) && isText(place['file']) && Number.isSafeInteger(place['line'])) &&
    isMapOf(layers, (layer) => isObject(layer) && Number.isSafeInteger(layer['version'])) &&
    isListOf(packs, isText) &&
    BUNDLE_MODES.some((known) => known === mode) &&
    isMapOf(keep, (pointers) => isListOf(pointers, isText))
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isListOf(value: JsonValue | undefined, isMember: (member: JsonValue) => boolean): boolean {
  return Array.isArray(value) && value.every(isMember);
}

function isMapOf(value: JsonValue | undefined, isMember: (member: JsonValue) => boolean): boolean {
  return isObject(value) && Object.values(value).every(isMember);
}

function isObject(value: unknown): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function assertHashedAlike(name: string, value: unknown): void {
  if (typeof value === 'string' && /[\u2028\u2029]/.test(value)) {
    throw new BundleError('bundle_malformed', `${name} holds U+2028 or U+2029, which OPA hashes differently: remove it`);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (!/^[\x20-\x7e]*$/.test(key)) throw new BundleError('bundle_malformed', `${name} has a key that is not printable ASCII, which OPA sorts differently`);
    assertHashedAlike(name, member);
  }
}
