import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';
import { listEnvironments } from './repository-layers.ts';
import type { EnvironmentRow } from './repository-layers.ts';

export type LayerKind = 'tenant' | 'workspace' | 'environment';

/** The layers that are a tenant's own, from the outer to the inner: each may only tighten what those before it allow. */
export const LAYER_KINDS: readonly LayerKind[] = ['tenant', 'workspace', 'environment'];

/** A layer as paths name it: `tenant`, or the id of a workspace or of an environment. */
export interface Layer {
  readonly key: string;
  readonly kind: LayerKind;
  readonly workspaceId: string | null;
  readonly environmentId: string | null;
}

/** The layer that `key` names, where it is the principal's to see. @throws ApiError `not_found` */
export async function layerOf(tx: Transaction, principal: Principal, key: string): Promise<Layer> {
  if (key === 'tenant') return { key, kind: 'tenant', workspaceId: null, environmentId: null };
  if (key === principal.workspaceId) return { key, kind: 'workspace', workspaceId: key, environmentId: null };
  const environment = (await environmentsOf(tx, principal)).find(({ id }) => id === key);
  if (environment === undefined) throw new ApiError('not_found', 'There is no such layer. A layer is `tenant`, the id of this workspace, or the id of one of its environments.');
  return { key, kind: 'environment', workspaceId: null, environmentId: key };
}

/** The environments of the principal's workspace, by the order of promotion. */
export function environmentsOf(tx: Transaction, { tenantId, workspaceId }: Principal): Promise<EnvironmentRow[]> {
  return tx.rows<EnvironmentRow>(listEnvironments, [tenantId, workspaceId]);
}

/** The environment `id` of the principal's workspace. @throws ApiError `policy_environment_unknown` */
export async function environmentOf(tx: Transaction, principal: Principal, id: string): Promise<EnvironmentRow> {
  const environments = await environmentsOf(tx, principal);
  const found = environments.find((environment) => environment.id === id);
  if (found !== undefined) return found;
  throw new ApiError('policy_environment_unknown', `There is no environment ${id} in this workspace. It has: ${environments.map((one) => `${one.name} (${one.id})`).join(', ')}.`);
}

/** The environment on whose stack a draft of `layer` is compiled: the one that is asked for, else the first that the layer concerns. */
export async function environmentToCompileOn(tx: Transaction, principal: Principal, layer: Layer, asked: string | undefined): Promise<EnvironmentRow> {
  if (layer.environmentId !== null && asked !== undefined && asked !== layer.environmentId) {
    throw new ApiError('policy_environment_unknown', 'The layer of an environment is compiled on its own stack: leave `environment_id` out.');
  }
  const wanted = asked ?? layer.environmentId;
  if (wanted !== null) return environmentOf(tx, principal, wanted);
  const [first] = await environmentsOf(tx, principal);
  if (first === undefined) throw new ApiError('policy_environment_unknown', 'This workspace has no environment to compile for.');
  return first;
}
