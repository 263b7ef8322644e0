import { digestOf, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import { isTestFile, readSource } from './layer-source.ts';
import type { LayerSource } from './layer-source.ts';
import { LAYER_KINDS } from './layers.ts';
import type { LayerKind } from './layers.ts';
import type { PlatformSources, SourceFiles } from './platform-sources.ts';
import { findVersion } from './repository-versions.ts';
import type { VersionRow } from './repository-versions.ts';

/** The version of each layer, and the packs. */
export type Stack = components['schemas']['PolicyStack'];

/** Everything that a stack over the base is written in. */
export interface StackSources {
  readonly packs: readonly string[];
  readonly layers: Readonly<Record<LayerKind, LayerSource | null>>;
}

/** Whose layers a stack has. */
export interface StackPlace {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly environmentId: string;
}

/** Reads the versions of a stack from the object store. @throws ApiError `policy_version_unknown` */
export async function readStackSources(tx: Transaction, objects: Objects, place: StackPlace, stack: Stack): Promise<StackSources> {
  const read = async (kind: LayerKind): Promise<LayerSource | null> => {
    const version = stack[kind];
    if (version === null) return null;
    const row = await versionOf(tx, place.tenantId, layerKey(place, kind), version);
    return readSource(await objects.get(row.object_key));
  };
  return { packs: stack.packs, layers: { tenant: await read('tenant'), workspace: await read('workspace'), environment: await read('environment') } };
}

export function layerKey({ workspaceId, environmentId }: StackPlace, kind: LayerKind): string {
  return { tenant: 'tenant', workspace: workspaceId, environment: environmentId }[kind];
}

/** @throws ApiError `policy_version_unknown` */
export async function versionOf(tx: Transaction, tenantId: string, layer: string, version: number): Promise<VersionRow> {
  const row = await tx.maybeOne<VersionRow>(findVersion, [tenantId, layer, version]);
  if (row === undefined) throw new ApiError('policy_version_unknown', `The layer ${layer} has no version ${version}.`);
  return row;
}

/** Every file by the path that it has in a bundle: `base/..`, `packs/<name>/..`, `tenant/..`, `workspace/..`, `environment/..`. */
export function filesOf(platform: PlatformSources, sources: StackSources, { tests }: { tests: boolean }): SourceFiles {
  const packs = sources.packs.flatMap((name) => [...platform.packs.get(name) ?? []]);
  const layers = LAYER_KINDS.flatMap((kind) => Object.entries(sources.layers[kind]?.files ?? {}).map(([path, text]) => [`${kind}/${path}`, text] as const));
  return new Map([...platform.base, ...packs, ...layers].filter(([path]) => tests || !isTestFile(path)));
}

/** By content, so that a draft and the version that it becomes have the same. What only tests say is not part of it. */
export function stackDigestOf(platform: PlatformSources, sources: StackSources): string {
  const files = Object.fromEntries([...filesOf(platform, sources, { tests: false })].map(([path, text]) => [path, digestOfBytes(text)]));
  const data = Object.fromEntries(LAYER_KINDS.map((kind) => [kind, digestOf(sources.layers[kind]?.data ?? {})]));
  return digestOf({ packs: [...sources.packs].sort(), files, data });
}
