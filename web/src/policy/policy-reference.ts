import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { shortenId } from '../format/ids.ts';

type Schemas = components['schemas'];
export type PolicyReference = Schemas['PolicyReference'];
type Overview = Schemas['PolicyOverview'];

/** A reference as it stands in an address and in a list of choices: `draft:pdr_..`, `version:tenant:3:env_..`, `environment:env_..`. */
export function writeReference(reference: PolicyReference): string {
  const { draft_id, release_id, promote_to, layer, version, environment_id } = reference;
  if (draft_id !== undefined) return `draft:${draft_id}`;
  if (release_id !== undefined) return `release:${release_id}`;
  if (promote_to !== undefined) return `promote:${promote_to}`;
  if (layer !== undefined && version !== undefined) return `version:${layer}:${version}:${environment_id ?? ''}`;
  return `environment:${environment_id ?? ''}`;
}

/** Null for what is no reference. */
export function readReference(text: string): PolicyReference | null {
  const [kind, id = '', version = '', environment_id = ''] = text.split(':');
  if (id === '') return null;
  switch (kind) {
    case 'draft': return { draft_id: id };
    case 'release': return { release_id: id };
    case 'promote': return { promote_to: id };
    case 'environment': return { environment_id: id };
    case 'version': return /^[1-9]\d*$/.test(version) && environment_id !== '' ? { layer: id, version: Number(version), environment_id } : null;
    default: return null;
  }
}

/** What is meant, in words; ids stand for what the overview does not know. */
export function describeReference(reference: PolicyReference, overview: Pick<Overview, 'layers' | 'environments'> | undefined): string {
  const environmentName = (id: string): string => overview?.environments.find(({ environment_id }) => environment_id === id)?.environment ?? shortenId(id);
  const layerName = (id: string): string => {
    const layer = overview?.layers.find((one) => one.layer === id);
    return layer === undefined ? shortenId(id) : `${layer.kind} ${layer.name}`;
  };
  const { draft_id, release_id, promote_to, layer, version, environment_id } = reference;
  if (draft_id !== undefined) return `draft ${shortenId(draft_id)}`;
  if (release_id !== undefined) return `release ${shortenId(release_id)}`;
  if (promote_to !== undefined) return `a promotion to ${environmentName(promote_to)}`;
  if (layer !== undefined) return `version ${version} of ${layerName(layer)} in ${environmentName(environment_id ?? '')}`;
  return `what is in force in ${environmentName(environment_id ?? '')}`;
}

export interface ReferenceGroup {
  label: string;
  choices: Array<{ value: string; label: string }>;
}

/** What can be asked: what is in force, what could be put in force next, what was. Drafts are added by who may read them. */
export function referenceGroups(overview: Overview, releases: ReadonlyArray<Schemas['PolicyReleaseSummary']>, drafts: ReadonlyArray<Schemas['PolicyDraftSummary']>): ReferenceGroup[] {
  const choice = (reference: PolicyReference, label = describeReference(reference, overview)): ReferenceGroup['choices'][number] => ({ value: writeReference(reference), label });
  const { environments, layers } = overview;
  const versions = layers.flatMap(({ layer, kind, newest }) => (newest === null ? [] : environments
    .filter(({ environment_id }) => kind !== 'environment' || environment_id === layer)
    .map(({ environment_id }) => choice({ layer, version: newest.version, environment_id }))));
  const layerOf = (id: string): string => layers.find((one) => one.layer === id)?.kind ?? 'layer';
  return [
    { label: 'In force', choices: environments.map(({ environment_id, environment }) => choice({ environment_id }, environment)) },
    { label: 'Drafts', choices: drafts.filter(({ valid }) => valid).map(({ id, layer }) => choice({ draft_id: id }, `${layerOf(layer)} draft ${shortenId(id)}`)) },
    { label: 'Newest versions', choices: versions },
    { label: 'Promotions', choices: environments.slice(1).map(({ environment_id }) => choice({ promote_to: environment_id })) },
    { label: 'Releases', choices: releases.map(({ id, environment, number, mode, state }) => choice({ release_id: id }, `${environment} #${number}${mode === 'shadow' ? ' (shadow)' : ''}, ${state}`)) },
  ].filter(({ choices }) => choices.length > 0);
}
