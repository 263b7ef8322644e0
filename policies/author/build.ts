import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { packBundle } from '@countersign/platform/opa/bundle/archive.ts';
import { DATA_FILE, MANIFEST_FILE, WASM_FILE, structuredFile } from '@countersign/platform/opa/bundle/contents.ts';
import type { BundleManifest } from '@countersign/platform/opa/bundle/contents.ts';
import type { CompileLayer } from '@countersign/platform/opa/compile/compile-options.ts';
import { dataOf, filesOf, isTestFile } from '@countersign/platform/opa/compile/layers.ts';
import type { CompileReport } from '@countersign/platform/opa/compile/report.ts';

export interface BuiltBundle {
  readonly bytes: Uint8Array;
  readonly revision: string;
  readonly digest: string;
}

/**
 * A bundle for stock OPA: `opa run --bundle FILE` answers `countersign/decision` by it. Not signed, so that no decision point of ours takes
 * it: policy gets there by a release alone.
 */
export function buildBundle(layers: readonly CompileLayer[], report: CompileReport, wasm: Uint8Array): BuiltBundle {
  const revision = `local-${digestOfBytes(wasm).slice('sha256:'.length, 'sha256:'.length + 12)}`;
  const manifest: BundleManifest = {
    revision, roots: ['countersign'], rego_version: 1,
    metadata: {
      countersign: {
        opa_version: report.opa_version, wasm: [{ entrypoint: DECISION_ENTRYPOINT, module: WASM_FILE }], probes: [],
        reads: report.reads, rules: report.rules, layers: {}, packs: layers.flatMap(({ name }) => (name.startsWith('packs/') ? [name.slice('packs/'.length)] : [])), mode: 'enforce', keep: {},
      },
    },
  };
  const sources = [...filesOf(layers)].filter(([path]) => !isTestFile(path)).map(([path, text]) => [path, Buffer.from(text, 'utf8')] as const);
  const bytes = packBundle(new Map<string, Uint8Array>([...sources, [MANIFEST_FILE, structuredFile(MANIFEST_FILE, manifest)], [DATA_FILE, structuredFile(DATA_FILE, dataOf(layers))], [WASM_FILE, wasm]]));
  return { bytes, revision, digest: digestOfBytes(bytes) };
}
