import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { PolicyFolder } from '@countersign/contracts/policy/author-request.ts';
import type { ApiClient } from '../api-client.ts';
import { CliError } from '../errors.ts';

type Overview = components['schemas']['PolicyOverview'];

/** Where a folder's layer is in the cell, and the environment that is meant. */
export interface Place {
  /** As paths of the API have it: `tenant`, or an id. */
  readonly layer: string;
  readonly environment: Overview['environments'][number];
  /** null where the layer has no version yet. */
  readonly newest: Overview['layers'][number]['newest'];
}

/** @throws CliError where there is no such environment */
export async function findPlace(api: ApiClient, layer: PolicyFolder['layer'], environmentName: string): Promise<Place> {
  const { layers, environments } = await api.policies();
  const environment = environments.find((one) => one.environment === environmentName || one.environment_id === environmentName);
  if (environment === undefined) throw new CliError('input_invalid', `There is no environment ${environmentName}; there are ${environments.map((one) => one.environment).join(', ')}.`);
  const found = layers.find((one) => one.kind === layer && (layer !== 'environment' || one.layer === environment.environment_id));
  if (found === undefined) throw new CliError('input_invalid', `There is no layer ${layer} for ${environmentName} here.`);
  return { layer: found.layer, environment, newest: found.newest };
}

/** The folder as a draft on top of what the environment has. Stored also where it is not valid: its report says why. */
export async function makeDraft(api: ApiClient, { files, data, packs }: PolicyFolder, { layer, environment }: Place): Promise<components['schemas']['PolicyDraft']> {
  return api.createPolicyDraft(layer, { files, data, environment_id: environment.environment_id, ...(packs === null ? {} : { packs: [...packs] }) });
}
