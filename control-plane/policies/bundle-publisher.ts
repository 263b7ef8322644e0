import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import { signBundle } from '@countersign/platform/opa/bundle/sign.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { bundleSigningKey } from '../keyring/signing-keys.ts';
import type { Notifier } from '../live/notifier.ts';
import type { BundleContents } from './bundle-contents.ts';
import { insertBundle, listPlaces, lockEnvironment, newestBundle } from './repository-bundles.ts';
import type { BundlePlace, BundleRow } from './repository-bundles.ts';

/** A reader whose clock is this much behind still takes a new bundle. */
const CLOCK_SKEW_S = 60;

export interface BundlePublisherParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly contents: BundleContents;
  readonly ttl_s: number;
  /** 0: each bundle is signed once by this process and then left to go stale. */
  readonly renewal_s: number;
}

/** A bundle as it was just signed. */
export interface PublishedBundle {
  readonly id: string;
  readonly workspaceId: string;
  readonly scope: string;
  readonly seq: number;
}

/** Signs what is in force in an environment, so that decision points may go on trusting it for another TTL. */
export class BundlePublisher {
  readonly #parts: BundlePublisherParts;
  /** When this process last signed for a scope. */
  readonly #signed_ms = new Map<string, number>();

  constructor(parts: BundlePublisherParts) {
    this.#parts = parts;
  }

  /** Publishes where this process has not signed yet, or not since the renewal interval began. */
  async publishWhenDue(tenantId: string): Promise<boolean> {
    const places = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<BundlePlace>(listPlaces, [tenantId]));
    const due = places.filter((place) => this.#isDue(bundleScope(place.environment_id, place.mode)));
    for (const place of due) await this.publish(tenantId, place);
    return due.length > 0;
  }

  /** Signs every bundle of a tenant now: a key has changed. */
  async publishAll(tenantId: string): Promise<void> {
    const places = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<BundlePlace>(listPlaces, [tenantId]));
    for (const place of places) await this.publish(tenantId, place);
  }

  async publish(tenantId: string, place: BundlePlace): Promise<void> {
    const published = await this.#parts.database.forTenant(tenantId, (tx) => this.publishIn(tx, tenantId, place));
    if (published !== null) this.announce(tenantId, published);
  }

  /**
   * As `publish`, together with what else `tx` does; the caller announces it after the commit. Whoever signs for the environment at the same
   * time waits. Null where nothing is in force: a shadow release that was ended meanwhile.
   */
  async publishIn(tx: Transaction, tenantId: string, place: BundlePlace): Promise<PublishedBundle | null> {
    const { clock, contents, keys, objects, ttl_s } = this.#parts;
    await tx.one(lockEnvironment, [tenantId, place.environment_id]);
    const content = await contents.inForce(tx, tenantId, place);
    if (content === null) return null;
    const scope = bundleScope(place.environment_id, place.mode);
    const last = await tx.maybeOne<BundleRow>(newestBundle, [tenantId, scope]);
    const id = newId('policy_bundle');
    const seq = Number(last?.seq ?? 0) + 1;
    const signedAt = clock.now();
    const now_s = Math.floor(signedAt.getTime() / 1000);
    const key = await bundleSigningKey(tx, keys, tenantId);
    const claims = { tenant: tenantId, scope, seq, jti: id, iat: now_s, nbf: now_s - CLOCK_SKEW_S, exp: now_s + ttl_s };
    const bundle = await signBundle({ files: content.files, claims, key });
    // The bytes are there before the row that names them.
    const objectKey = `policy-bundles/${bundle.digest.slice('sha256:'.length)}.tar.gz`;
    await objects.put(objectKey, bundle.bytes);
    const expiresAt = new Date((now_s + ttl_s) * 1000);
    await tx.change(insertBundle, [tenantId, scope, seq, id, content.releaseId, content.revision, bundle.digest, objectKey, key.kid, signedAt, expiresAt]);
    await appendAudit(tx, {
      at: signedAt, type: 'policy.bundle_signed', tenant_id: tenantId, workspace_id: place.workspace_id, run_id: null,
      actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'policy_bundle', id },
      data: { scope, seq, revision: content.revision, release_id: content.releaseId, digest: bundle.digest, kid: key.kid, expires_at: expiresAt.toISOString(), renewal: last?.revision === content.revision },
    });
    return { id, workspaceId: place.workspace_id, scope, seq };
  }

  /** Tells whoever waits for it. Called after the commit. */
  announce(tenantId: string, { id, workspaceId, scope }: PublishedBundle): void {
    this.#signed_ms.set(scope, this.#parts.clock.now().getTime());
    this.#parts.notifier.changed({ tenant_id: tenantId, workspace_id: workspaceId, kind: 'policy', id, state: 'signed' });
  }

  #isDue(scope: string): boolean {
    const last_ms = this.#signed_ms.get(scope);
    if (last_ms === undefined) return true;
    return this.#parts.renewal_s > 0 && this.#parts.clock.now().getTime() - last_ms >= this.#parts.renewal_s * 1_000;
  }
}

