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
    readonly countersign: {
      readonly opa_version: string;
      readonly wasm: ReadonlyArray<{ readonly entrypoint: string; readonly module: string }>;
      readonly probes: readonly Probe[];
    };
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

/** The manifest, once its shape is what a decision point relies on. */
export function readManifest(files: BundleFiles): BundleManifest {
  const manifest = readStructured(files, MANIFEST_FILE);
  if (!isManifest(manifest)) throw new BundleError('bundle_malformed', 'the manifest lacks its revision, roots, WASM entrypoint or probes');
  return manifest;
}

function isManifest(value: JsonValue): value is JsonValue & BundleManifest {
  if (!isObject(value) || typeof value['revision'] !== 'string' || value['rego_version'] !== 1) return false;
  const { roots, metadata } = value;
  const ours = isObject(metadata) ? metadata['countersign'] : null;
  return (
    Array.isArray(roots) &&
    roots.every((root) => typeof root === 'string') &&
    isObject(ours) &&
    Array.isArray(ours['wasm']) &&
    ours['wasm'].every((module) => isObject(module) && typeof module['entrypoint'] === 'string' && module['module'] === WASM_FILE) &&
    typeof ours['opa_version'] === 'string' &&
    Array.isArray(ours['probes']) &&
    ours['probes'].every((probe) => isObject(probe) && 'input' in probe && typeof probe['outcome'] === 'string')
  );
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
