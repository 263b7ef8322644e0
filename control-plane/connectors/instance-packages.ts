import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { manifestChanges } from '@countersign/contracts/connectors/package/manifest-changes.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Instances } from './instances.ts';
import { packageEtag } from './package-state.ts';
import { lockInstance, pinPackage, publishedManifests } from './repository-instance-packages.ts';
import type { InstancePins, PublishedManifest } from './repository-instance-packages.ts';

export interface InstancePackagesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly instances: Instances;
}

/** A changed package runs for an instance only after a person who may has said so, by its digests. */
export class InstancePackages {
  readonly #parts: InstancePackagesParts;

  constructor(parts: InstancePackagesParts) {
    this.#parts = parts;
  }

  async approvePackage(call: Call<'approvePackage'>): Promise<Answer<'approvePackage'>> {
    const { principal, path, headers, body } = call;
    const { tenantId, workspaceId } = principal;
    await this.#parts.database.forTenant(tenantId, async (tx) => {
      const instance = await tx.maybeOne<InstancePins>(lockInstance, [tenantId, workspaceId, path.instance_id]);
      if (instance === undefined) throw new ApiError('not_found', `There is no instance ${path.instance_id} in this workspace.`);
      const seen = headers['if-match'];
      if (seen !== undefined && seen !== packageEtag(instance)) {
        throw new ApiError('instance_package_changed', `The instance ${instance.name} runs ${instance.connector} ${instance.connector_version} by now.`);
      }
      const [before, approved] = await publishedVersions(tx, tenantId, instance, body.version);
      refuseOther(instance, approved, body);
      if (isPinned(instance, body)) return;
      await tx.change(pinPackage, [tenantId, instance.id, body.version, body.manifest_digest, body.package_digest]);
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'instance.package_approved', tenant_id: tenantId, workspace_id: workspaceId, run_id: null,
        actor: actorOf(principal), subject: { kind: 'instance', id: instance.id },
        data: {
          connector: instance.connector,
          from: { version: instance.connector_version, manifest_digest: instance.manifest_digest, package_digest: instance.package_digest },
          to: { version: body.version, manifest_digest: body.manifest_digest, package_digest: body.package_digest },
          changes: before === undefined ? [] : manifestChanges(before.manifest, approved.manifest).slice(0, 100).map(({ kind, pointer }) => ({ kind, pointer })),
        },
      });
    });
    const instance = await this.#parts.instances.find(principal, path.instance_id);
    return { status: 200, body: instance, headers: { etag: instance.package?.etag ?? '' } };
  }
}

async function publishedVersions(tx: Transaction, tenantId: string, instance: InstancePins, version: string): Promise<[PublishedManifest | undefined, PublishedManifest]> {
  const rows = await tx.rows<PublishedManifest>(publishedManifests, [tenantId, [instance.connector, instance.connector], [instance.connector_version, version]]);
  const approved = rows.find((row) => row.version === version);
  if (approved === undefined) throw new ApiError('connector_unknown', `${instance.connector} ${version} is not published here.`);
  return [rows.find((row) => row.version === instance.connector_version), approved];
}

function refuseOther(instance: InstancePins, { manifest_digest, package_digest, version }: PublishedManifest, wanted: Omit<InstancePins, 'id' | 'name' | 'connector' | 'connector_version'>): void {
  if (wanted.manifest_digest === manifest_digest && wanted.package_digest === package_digest) return;
  throw new ApiError('package_digest_stale', `${instance.connector} ${version} is published with other digests than those approved.`, {
    members: { current_manifest_digest: manifest_digest, current_package_digest: package_digest ?? 'none' },
  });
}

function isPinned(instance: InstancePins, { version, manifest_digest, package_digest }: { readonly version: string; readonly manifest_digest: string; readonly package_digest: string | null }): boolean {
  return instance.connector_version === version && instance.manifest_digest === manifest_digest && instance.package_digest === package_digest;
}
