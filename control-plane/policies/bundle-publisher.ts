import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys, SigningPurpose } from '@countersign/platform/keys/keys.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import { assembleBundle } from '@countersign/platform/opa/bundle/parts.ts';
import type { BundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import { signBundle } from '@countersign/platform/opa/bundle/sign.ts';
import type { SignedBundle } from '@countersign/platform/opa/bundle/sign.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { violates } from '@countersign/platform/postgres/errors.ts';
import type { Notifier } from '../live/notifier.ts';
import { firstWorkspace, insertBundle, newestBundle, publishKey } from './queries.ts';
import type { BundleRow } from './queries.ts';

const PURPOSES: readonly SigningPurpose[] = ['policy_bundle', 'checkpoint', 'evidence'];
/** A reader whose clock is this much behind still takes a new bundle. */
const CLOCK_SKEW_S = 60;

export interface BundlePublisherParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly notifier: Notifier;
  /** The compiled policies, as committed. */
  readonly policy: BundleParts;
  readonly ttl_s: number;
  /** 0: each tenant's bundle is signed once by this process and then left to go stale. */
  readonly renewal_s: number;
}

/** Signs the policy anew for a tenant, so that decision points may go on trusting it for another TTL. */
export class BundlePublisher {
  readonly #parts: BundlePublisherParts;
  /** When this process last signed for a tenant. */
  readonly #signed_ms = new Map<string, number>();

  constructor(parts: BundlePublisherParts) {
    this.#parts = parts;
  }

  /** Publishes for a tenant that this process has not signed for yet, or not since the renewal interval began. */
  async publishWhenDue(tenantId: string): Promise<boolean> {
    const last_ms = this.#signed_ms.get(tenantId);
    const now_ms = this.#parts.clock.now().getTime();
    const due = last_ms === undefined || (this.#parts.renewal_s > 0 && now_ms - last_ms >= this.#parts.renewal_s * 1_000);
    if (!due) return false;
    const published = await this.publish(tenantId);
    if (published) this.#signed_ms.set(tenantId, now_ms);
    return published;
  }

  /** @returns whether this call published; another control plane may have been faster */
  async publish(tenantId: string): Promise<boolean> {
    const { database, notifier } = this.#parts;
    const revision = revisionOf(this.#parts.policy);
    const last = await database.forTenant(tenantId, async (tx) => {
      await this.#publishKeys(tx, tenantId);
      return tx.maybeOne<BundleRow>(newestBundle, [tenantId]);
    });
    const seq = Number(last?.seq ?? 0) + 1;
    const id = newId('policy_bundle');
    const signedAt = this.#parts.clock.now();
    const bundle = await this.#sign(tenantId, revision, seq, id, signedAt);
    // The bytes are there before the row that names them.
    const objectKey = `policy-bundles/${bundle.digest.slice('sha256:'.length)}.tar.gz`;
    await this.#parts.objects.put(objectKey, bundle.bytes);
    try {
      await database.forTenant(tenantId, (tx) => this.#record(tx, tenantId, { seq, id, revision, digest: bundle.digest, objectKey, signedAt, renewal: last?.revision === revision }));
    } catch (error) {
      if (violates(error, 'policy_bundles_pk')) return false;
      throw error;
    }
    notifier.changed({ tenant_id: tenantId, kind: 'policy', id, state: 'signed' });
    return true;
  }

  #sign(tenantId: string, revision: string, seq: number, id: string, signedAt: Date): Promise<SignedBundle> {
    const now_s = Math.floor(signedAt.getTime() / 1000);
    const claims = { tenant: tenantId, scope: bundleScope(tenantId), seq, jti: id, iat: now_s, nbf: now_s - CLOCK_SKEW_S, exp: now_s + this.#parts.ttl_s };
    return this.#parts.keys.signingKey(tenantId, 'policy_bundle').then((key) => signBundle({ files: assembleBundle(this.#parts.policy, revision), claims, key }));
  }

  async #record(tx: Transaction, tenantId: string, bundle: { seq: number; id: string; revision: string; digest: string; objectKey: string; signedAt: Date; renewal: boolean }): Promise<void> {
    const expiresAt = new Date((Math.floor(bundle.signedAt.getTime() / 1000) + this.#parts.ttl_s) * 1000);
    await tx.change(insertBundle, [tenantId, bundle.seq, bundle.id, bundleScope(tenantId), bundle.revision, bundle.digest, bundle.objectKey, bundle.signedAt, expiresAt]);
    const workspace = await tx.one<{ id: string }>(firstWorkspace, [tenantId]);
    await appendAudit(tx, {
      at: bundle.signedAt, type: 'policy.bundle_signed', tenant_id: tenantId, workspace_id: workspace.id, run_id: null,
      actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'policy_bundle', id: bundle.id },
      data: { seq: bundle.seq, revision: bundle.revision, digest: bundle.digest, expires_at: expiresAt.toISOString(), renewal: bundle.renewal },
    });
  }

  async #publishKeys(tx: Transaction, tenantId: string): Promise<void> {
    for (const purpose of PURPOSES) {
      const key = await this.#parts.keys.signingKey(tenantId, purpose);
      await tx.change(publishKey, [tenantId, key.kid, purpose, key.algorithm, JSON.stringify(key.publicJwk)]);
    }
  }
}

/** What people call this policy by: the set's name and the beginning of its compiled bytes' digest. */
export function revisionOf({ description }: BundleParts): string {
  return `${description.name}-${description.wasm.slice('sha256:'.length, 'sha256:'.length + 12)}`;
}
