import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import { packBundle } from '@countersign/platform/opa/bundle/archive.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { readManifest } from '@countersign/platform/opa/bundle/contents.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Principal } from '../identity/principal.ts';
import type { BundleContents } from '../policies/bundle-contents.ts';
import { releaseOf } from '../policies/find-release.ts';
import { readSource } from '../policies/layer-source.ts';
import { environmentOf, layerOf } from '../policies/layers.ts';
import type { PolicyDrafts } from '../policies/policy-drafts.ts';
import type { EnvironmentRow } from '../policies/repository-layers.ts';
import type { ReleaseRow } from '../policies/repository-releases.ts';
import { readStackSources } from '../policies/stack-sources.ts';
import type { StackPlace, StackSources } from '../policies/stack-sources.ts';
import type { StacksInForce } from '../policies/stacks-in-force.ts';
import type { Stacks } from '../policies/stacks.ts';
import { promoted, withVersion } from '../policies/wanted-stack.ts';

type PolicyReference = components['schemas']['PolicyReference'];

/** A policy that can be asked: a bundle without a signature. */
export interface NamedPolicy {
  readonly environment: EnvironmentRow;
  readonly stackDigest: string;
  readonly revision: string;
  /** Where the object store has it; null of what is in force, which is not kept without its signature. */
  readonly bundleKey: string | null;
  readonly files: BundleFiles;
}

export interface PolicyReferencesParts {
  readonly database: Database;
  readonly objects: Objects;
  readonly stacks: Stacks;
  readonly inForce: StacksInForce;
  readonly contents: BundleContents;
  readonly drafts: PolicyDrafts;
}

/** What was found, before it is compiled: outside of any transaction, because that takes seconds. */
type Found = { readonly environment: EnvironmentRow } & ({ readonly sources: StackSources } | { readonly release: ReleaseRow } | { readonly files: BundleFiles; readonly sources: StackSources });

const WAYS = ['draft_id', 'release_id', 'promote_to', 'environment_id'] as const;

/** From what a caller names to what can be asked. */
export class PolicyReferences {
  readonly #parts: PolicyReferencesParts;

  constructor(parts: PolicyReferencesParts) {
    this.#parts = parts;
  }

  /**
   * The policy that `reference` names, compiled. A draft stands on what is in force in the environment `on`, else on that which it was
   * compiled for. @throws ApiError, also where it does not compile or OPA is missing
   */
  async resolve(principal: Principal, reference: PolicyReference, on?: string): Promise<NamedPolicy> {
    const found = await this.#parts.database.forTenant(principal.tenantId, (tx) => this.#find(tx, principal, reference, on));
    const { environment } = found;
    if ('release' in found) {
      const { stack_digest: stackDigest, parts_key: bundleKey } = found.release;
      return named(environment, stackDigest, bundleKey, await this.#parts.stacks.parts(bundleKey));
    }
    if ('files' in found) return named(environment, this.#parts.stacks.digestOf(found.sources), null, found.files);
    const { stackDigest, partsKey } = await this.#parts.stacks.compiled(found.sources);
    return named(environment, stackDigest, partsKey, await this.#parts.stacks.parts(partsKey));
  }

  /** For whoever asks it later: where the object store has it. */
  async keep({ bundleKey, files }: NamedPolicy): Promise<string> {
    if (bundleKey !== null) return bundleKey;
    const bytes = packBundle(files);
    const key = `policy-parts/${digestOfBytes(bytes).slice('sha256:'.length)}.tar.gz`;
    await this.#parts.objects.put(key, bytes);
    return key;
  }

  #find(tx: Transaction, principal: Principal, reference: PolicyReference, on: string | undefined): Promise<Found> {
    const { layer, version, environment_id } = reference;
    if (layer !== undefined || version !== undefined) {
      const whole = layer !== undefined && version !== undefined && environment_id !== undefined && Object.keys(reference).length === 3;
      if (!whole) throw notOne('A version is named by `layer`, `version` and `environment_id`, and nothing else.');
      return this.#version(tx, principal, layer, version, environment_id);
    }
    const [way, another] = WAYS.filter((name) => reference[name] !== undefined);
    const id = way === undefined ? undefined : reference[way];
    if (way === undefined || id === undefined || another !== undefined) throw notOne(another === undefined ? 'Nothing is named.' : `Both \`${way}\` and \`${another}\` are named.`);
    if (way === 'draft_id') return this.#draft(tx, principal, id, on);
    if (way === 'release_id') return this.#release(tx, principal, id);
    if (way === 'promote_to') return this.#promotion(tx, principal, id);
    return this.#inForce(tx, principal, id);
  }

  async #draft(tx: Transaction, principal: Principal, id: string, on: string | undefined): Promise<Found> {
    const draft = await this.#parts.drafts.find(tx, principal, id);
    if (!draft.valid) throw new ApiError('policy_invalid', `The draft ${id} does not compile: its report says why.`);
    const layer = await layerOf(tx, principal, draft.layer);
    const environment = await environmentOf(tx, principal, on ?? draft.compiled_on);
    if (layer.environmentId !== null && layer.environmentId !== environment.id) throw new ApiError('policy_environment_unknown', `The draft is of the layer of another environment than ${environment.name}.`);
    const place = placeOf(principal, environment);
    const below = await readStackSources(tx, this.#parts.objects, place, await this.#parts.inForce.stackOf(tx, principal.tenantId, environment.id));
    const source = readSource(draft.source);
    return { environment, sources: { packs: source.packs ?? below.packs, layers: { ...below.layers, [layer.kind]: source } } };
  }

  async #version(tx: Transaction, principal: Principal, layerKey: string, version: number, environmentId: string): Promise<Found> {
    const { objects, inForce } = this.#parts;
    const environment = await environmentOf(tx, principal, environmentId);
    const layer = await layerOf(tx, principal, layerKey);
    const { stack } = await withVersion(tx, principal, environment, layer, version, inForce);
    return { environment, sources: await readStackSources(tx, objects, placeOf(principal, environment), stack) };
  }

  async #promotion(tx: Transaction, principal: Principal, environmentId: string): Promise<Found> {
    const { objects, inForce } = this.#parts;
    const environment = await environmentOf(tx, principal, environmentId);
    const { stack } = await promoted(tx, principal, environment, inForce);
    return { environment, sources: await readStackSources(tx, objects, placeOf(principal, environment), stack) };
  }

  async #release(tx: Transaction, principal: Principal, id: string): Promise<Found> {
    const release = await releaseOf(tx, principal, id);
    return { environment: await environmentOf(tx, principal, release.environment_id), release };
  }

  /** As it is signed: what is shipped needs no compiler. */
  async #inForce(tx: Transaction, principal: Principal, environmentId: string): Promise<Found> {
    const { objects, inForce, contents } = this.#parts;
    const environment = await environmentOf(tx, principal, environmentId);
    const content = await contents.inForce(tx, principal.tenantId, { workspace_id: environment.workspace_id, environment_id: environment.id, mode: 'enforce' });
    if (content === null) throw new ApiError('policy_bundle_missing', `Nothing is in force in ${environment.name}.`);
    const sources = await readStackSources(tx, objects, placeOf(principal, environment), await inForce.stackOf(tx, principal.tenantId, environment.id));
    return { environment, sources, files: content.files };
  }
}

function named(environment: EnvironmentRow, stackDigest: string, bundleKey: string | null, files: BundleFiles): NamedPolicy {
  return { environment, stackDigest, revision: readManifest(files).revision, bundleKey, files };
}

function placeOf({ tenantId }: Principal, environment: EnvironmentRow): StackPlace {
  return { tenantId, workspaceId: environment.workspace_id, environmentId: environment.id };
}

function notOne(detail: string): ApiError {
  return new ApiError('policy_reference_invalid', detail);
}
