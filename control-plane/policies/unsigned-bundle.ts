import { DECISION_ENTRYPOINT } from '@countersign/contracts/policy/decision.ts';
import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { DATA_FILE, MANIFEST_FILE, WASM_FILE, readManifest, structuredFile } from '@countersign/platform/opa/bundle/contents.ts';
import type { BundleManifest, BundleMetadata, Probe } from '@countersign/platform/opa/bundle/contents.ts';
import type { CompileReport } from '@countersign/platform/opa/compile/report.ts';
import { LAYER_KINDS } from './layers.ts';
import type { PlatformSources } from './platform-sources.ts';
import { filesOf } from './stack-sources.ts';
import type { Stack, StackSources } from './stack-sources.ts';

export interface CompiledSources {
  readonly platform: PlatformSources;
  readonly sources: StackSources;
  readonly report: Pick<CompileReport, 'opa_version' | 'reads' | 'rules'>;
  readonly wasm: Uint8Array;
  readonly probes: readonly Probe[];
}

/** The files of a bundle of this stack, which names itself by what it is and says nothing of a release yet. */
export function unsignedBundle({ platform, sources, report, wasm, probes }: CompiledSources): BundleFiles {
  const countersign: BundleMetadata = {
    opa_version: report.opa_version, wasm: [{ entrypoint: DECISION_ENTRYPOINT, module: WASM_FILE }], probes,
    reads: report.reads, rules: report.rules, layers: {}, packs: sources.packs, mode: 'enforce', keep: keptParameters(sources),
  };
  const manifest: BundleManifest = {
    revision: `stack-${digestOfBytes(wasm).slice('sha256:'.length, 'sha256:'.length + 12)}`,
    roots: ['countersign'],
    rego_version: 1,
    metadata: { countersign },
  };
  const rego = [...filesOf(platform, sources, { tests: false })].map(([path, text]) => [path, Buffer.from(text, 'utf8')] as const);
  return new Map<string, Uint8Array>([...rego, [MANIFEST_FILE, structuredFile(MANIFEST_FILE, manifest)], [DATA_FILE, structuredFile(DATA_FILE, dataOf(sources))], [WASM_FILE, wasm]]);
}

/** The same bundle as what is in force by a release: what only the manifest says. */
export function releasedBundle(files: BundleFiles, { revision, stack, mode }: { readonly revision: string; readonly stack: Stack; readonly mode: BundleMode }): BundleFiles {
  const manifest = readManifest(files);
  const versions = LAYER_KINDS.flatMap((kind) => { const version = stack[kind]; return version === null ? [] : [[kind, { version }] as const]; });
  const countersign = { ...manifest.metadata.countersign, layers: Object.fromEntries(versions), mode };
  return new Map([...files, [MANIFEST_FILE, structuredFile(MANIFEST_FILE, { ...manifest, revision, metadata: { ...manifest.metadata, countersign } })]]);
}

/** What stands in the bundle's data.json. */
export function dataOf(sources: StackSources): JsonValue {
  const config = Object.fromEntries(LAYER_KINDS.flatMap((kind) => { const layer = sources.layers[kind]; return layer === null ? [] : [[kind, layer.data] as const]; }));
  return { countersign: { config } };
}

/** Parameters that the tenant says may be kept in the clear in the decision log, by action. */
function keptParameters(sources: StackSources): Record<string, string[]> {
  const log = sources.layers.tenant?.data['decision_log'];
  const keep = isObject(log) && isObject(log['keep']) ? log['keep'] : {};
  return Object.fromEntries(Object.entries(keep).flatMap(([action, pointers]) =>
    (Array.isArray(pointers) ? [[action, pointers.filter((pointer) => typeof pointer === 'string')] as const] : [])));
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
