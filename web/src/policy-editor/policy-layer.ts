import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { starterFiles } from './starter.ts';
import type { WorkingCopy } from './working-copy.ts';

type Schemas = components['schemas'];
type Overview = Schemas['PolicyOverview'];
export type Layer = Overview['layers'][number];
export type Environment = Overview['environments'][number];

/** What the editor was opened with: a draft, a version, or (neither) the newest version. */
export interface Opened {
  draftId: string | null;
  version: number | null;
}

/** What a version (or a draft) holds, to write on. */
export function copyOf(source: Pick<Schemas['PolicyVersion'], 'files' | 'data' | 'packs'>, layer: Layer, defaultPacks: readonly string[]): WorkingCopy {
  return { files: source.files, data: `${JSON.stringify(source.data, null, 2)}\n`, packs: layer.kind === 'tenant' ? source.packs ?? defaultPacks : null };
}

/** What a layer without a version begins with: a rule with its test. */
export function starterCopy(layer: Layer, defaultPacks: readonly string[]): WorkingCopy {
  return { files: starterFiles(layer.kind), data: '{}\n', packs: layer.kind === 'tenant' ? defaultPacks : null };
}

/** What a layer without a version is in force as. */
export function emptyCopy(layer: Layer, defaultPacks: readonly string[]): WorkingCopy {
  return { files: {}, data: '{}\n', packs: layer.kind === 'tenant' ? defaultPacks : null };
}

/** The environments that a layer has a say in, in the order of promotion. */
export function environmentsOf(layer: Layer, environments: readonly Environment[]): Environment[] {
  return layer.kind === 'environment' ? environments.filter(({ environment_id }) => environment_id === layer.layer) : [...environments];
}

/** The version of a layer that decides in an environment; null where it has none there. */
export function versionInForce(layer: Layer, environment: Environment | undefined): number | null {
  return environment?.enforce?.stack[layer.kind] ?? null;
}
