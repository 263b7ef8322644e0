import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { HOW_TO_GET_OPA } from '@countersign/platform/opa/opa-finder.ts';
import type { FoundOpa, OpaFinder } from '@countersign/platform/opa/opa-finder.ts';
import type { Answer, Call } from '../api/operation.ts';
import type { Principal } from '../identity/principal.ts';
import { environmentsOf } from './layers.ts';
import type { PlatformSources } from './platform-sources.ts';
import { gateView } from './policy-gates.ts';
import { versionSummary } from './policy-versions.ts';
import { releaseSummary } from './release-view.ts';
import { findGates } from './repository-gates.ts';
import type { GateRow } from './repository-gates.ts';
import { tenantAndWorkspace } from './repository-layers.ts';
import type { EnvironmentRow } from './repository-layers.ts';
import { openReleases } from './repository-releases.ts';
import type { ReleaseRow } from './repository-releases.ts';
import { newestVersions } from './repository-versions.ts';
import type { VersionRow } from './repository-versions.ts';
import { readStackSources } from './stack-sources.ts';
import { stackOfRelease } from './stacks-in-force.ts';
import type { Stacks } from './stacks.ts';

type PolicyOverviewBody = components['schemas']['PolicyOverview'];

export interface PolicyOverviewParts {
  readonly database: Database;
  readonly platform: PlatformSources;
  readonly opa: OpaFinder;
  readonly shippedPacks: readonly string[];
  readonly objects: Objects;
  readonly stacks: Stacks;
}

/** Every layer that concerns a workspace, and what is released in each of its environments. */
export class PolicyOverview {
  readonly #parts: PolicyOverviewParts;

  constructor(parts: PolicyOverviewParts) {
    this.#parts = parts;
  }

  async getPolicies({ principal }: Call<'getPolicies'>): Promise<Answer<'getPolicies'>> {
    const { tenantId, workspaceId } = principal;
    const opa = await this.#parts.opa.find();
    const body = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const environments = await environmentsOf(tx, principal);
      const ids = environments.map(({ id }) => id);
      const names = await tx.one<{ tenant: string; workspace: string }>(tenantAndWorkspace, [tenantId, workspaceId]);
      const versions = await tx.rows<VersionRow>(newestVersions, [tenantId, ['tenant', workspaceId, ...ids]]);
      const releases = await tx.rows<ReleaseRow>(openReleases, [tenantId, workspaceId]);
      const gates = await tx.rows<GateRow>(findGates, [tenantId, ids]);
      const changed = await this.#platformChanged(tx, principal, environments, releases);
      return {
        layers: layersOf(names, workspaceId, environments, versions),
        environments: environments.map((environment) => ({ ...environmentOverview(environment, releases, gates), platform_changed: changed.has(environment.id) })),
        packs: [...this.#parts.platform.packs.keys()], default_packs: [...this.#parts.shippedPacks], opa: opaOf(opa),
      };
    });
    return { status: 200, body };
  }

  /** A release is what was compiled: a product that was renewed under it changes nothing until somebody releases again. Environments by id. */
  async #platformChanged(tx: Transaction, { tenantId, workspaceId }: Principal, environments: readonly EnvironmentRow[], releases: readonly ReleaseRow[]): Promise<Set<string>> {
    const changed = new Set<string>();
    for (const { id } of environments) {
      const release = releases.find(({ environment_id, mode, state }) => environment_id === id && mode === 'enforce' && state === 'released');
      if (release === undefined) continue;
      const sources = await readStackSources(tx, this.#parts.objects, { tenantId, workspaceId, environmentId: id }, stackOfRelease(release));
      if (this.#parts.stacks.digestOf(sources) !== release.stack_digest) changed.add(id);
    }
    return changed;
  }
}

function layersOf(names: { tenant: string; workspace: string }, workspaceId: string, environments: readonly EnvironmentRow[], versions: readonly VersionRow[]): PolicyOverviewBody['layers'] {
  const newest = (key: string): PolicyOverviewBody['layers'][number]['newest'] => {
    const row = versions.find(({ layer }) => layer === key);
    return row === undefined ? null : versionSummary(row);
  };
  return [
    { layer: 'tenant', kind: 'tenant', name: names.tenant, newest: newest('tenant') },
    { layer: workspaceId, kind: 'workspace', name: names.workspace, newest: newest(workspaceId) },
    ...environments.map(({ id, name }) => ({ layer: id, kind: 'environment' as const, name, newest: newest(id) })),
  ];
}

function environmentOverview(environment: EnvironmentRow, releases: readonly ReleaseRow[], gates: readonly GateRow[]): PolicyOverviewBody['environments'][number] {
  const here = releases.filter(({ environment_id }) => environment_id === environment.id);
  const inForce = (mode: string): ReturnType<typeof releaseSummary> | null => {
    const row = here.find((release) => release.mode === mode && release.state === 'released');
    return row === undefined ? null : releaseSummary(row);
  };
  return {
    environment_id: environment.id, environment: environment.name, ordinal: environment.ordinal, enforce: inForce('enforce'), shadow: inForce('shadow'),
    blocked: here.filter(({ state }) => state === 'blocked').map(releaseSummary), gate: gateView(environment, gates.find(({ environment_id }) => environment_id === environment.id)),
  };
}

function opaOf(opa: FoundOpa | null): PolicyOverviewBody['opa'] {
  return { available: opa !== null, version: opa?.version ?? null, how_to_get_it: opa === null ? HOW_TO_GET_OPA : null };
}
