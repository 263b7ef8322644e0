import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import type { SigningKey, SigningPurpose } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import type { BundlePublisher } from '../policies/bundle-publisher.ts';
import { refuseBlank } from '../policies/policy-versions.ts';
import { lockTenant } from '../policies/repository-versions.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { firstWorkspace, keysStillNeeded, newestGeneration, retireKeys, supersedeKeys } from './repository-keys.ts';
import type { NewestGeneration } from './repository-keys.ts';
import { publicKeys, publish, publishMissingKeys } from './signing-keys.ts';

/** So long the next key is known before it signs, unless said otherwise: whoever took the key set an hour ago verifies all that is signed meanwhile. */
const OVERLAP_S = 3_600;

export interface KeyRotationParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly publisher: BundlePublisher;
}

/**
 * One key of each purpose signs. A bundle's is followed at once, and the one before verifies until the last bundle that it signed has expired, and
 * then nothing more. The other purposes' is followed after an overlap, and the one before verifies for ever: evidence is kept for years.
 */
export class KeyRotation {
  readonly #parts: KeyRotationParts;

  constructor(parts: KeyRotationParts) {
    this.#parts = parts;
  }

  async rotateKey({ principal, body }: Call<'rotateKey'>): Promise<Answer<'rotateKey'>> {
    refuseBlank(body.reason, '/reason');
    if (body.purpose === 'policy_bundle' && body.overlap_s !== undefined) {
      throw new ApiError('request_invalid', 'Bundles are signed anew at once.', { errors: [{ field: '/overlap_s', code: 'not_allowed', message: 'Leave it out for policy_bundle.' }] });
    }
    const { database, keys, notifier, publisher } = this.#parts;
    const { tenantId } = principal;
    await this.retireWhenDue(tenantId);
    const overlap_s = body.purpose === 'policy_bundle' ? 0 : body.overlap_s ?? OVERLAP_S;
    const next = await database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      await tx.one(lockTenant, [tenantId]);
      await refuseWhileUnderWay(tx, tenantId, body.purpose);
      return this.follow(tx, principal, body.purpose, body.reason, overlap_s);
    });
    keys.forget(tenantId);
    if (body.purpose === 'policy_bundle') await publisher.publishAll(tenantId);
    notifier.changed({ tenant_id: tenantId, workspace_id: null, kind: 'policy', id: next.kid, state: 'key_rotated' });
    return { status: 201, body: await this.shown(tenantId, next.kid) };
  }

  /** Makes and publishes the next key of a purpose. The caller holds the tenant's lock. */
  async follow(tx: Transaction, principal: Principal, purpose: SigningPurpose, reason: string, overlap_s: number): Promise<SigningKey> {
    const { keys, clock } = this.#parts;
    const { tenantId, workspaceId } = principal;
    await publishMissingKeys(tx, keys, tenantId);
    const before = await tx.one<NewestGeneration>(newestGeneration, [tenantId, purpose]);
    const generation = before.generation + 1;
    const key = await keys.signingKey(tenantId, purpose, generation);
    await publish(tx, tenantId, purpose, generation, key, overlap_s);
    await tx.change(supersedeKeys, [tenantId, purpose, generation, overlap_s]);
    await appendAudit(tx, {
      at: clock.now(), type: 'key.rotated', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal),
      subject: { kind: 'signing_key', id: key.kid }, data: { purpose, generation, replaces: before.kid, overlap_s, reason_digest: digestOf(reason) },
    });
    return key;
  }

  /** Retires what nothing is verified with any more; gives whether there was any. */
  async retireWhenDue(tenantId: string): Promise<boolean> {
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const retired = await tx.rows<{ kid: string }>(retireKeys, [tenantId]);
      if (retired.length === 0) return false;
      const workspace = await tx.one<{ id: string }>(firstWorkspace, [tenantId]);
      for (const { kid } of retired) {
        await appendAudit(tx, {
          at: this.#parts.clock.now(), type: 'key.retired', tenant_id: tenantId, workspace_id: workspace.id, run_id: null,
          actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'signing_key', id: kid }, data: { purpose: 'policy_bundle' },
        });
      }
      return true;
    });
  }

  async shown(tenantId: string, kid: string): Promise<Extract<Answer<'rotateKey'>, { status: 201 }>['body']> {
    const found = (await this.#parts.database.forTenant(tenantId, (tx) => publicKeys(tx, tenantId))).find((key) => key.kid === kid);
    if (found === undefined) throw new ApiError('internal', 'The key cannot be read back.');
    return found;
  }
}

async function refuseWhileUnderWay(tx: Transaction, tenantId: string, purpose: SigningPurpose): Promise<void> {
  const newest = await tx.maybeOne<NewestGeneration>(newestGeneration, [tenantId, purpose]);
  if (newest?.is_upcoming === true) throw new ApiError('key_rotation_under_way', `The key ${newest.kid} is published and does not sign yet. Rotate again when it does.`);
  if (purpose !== 'policy_bundle') return;
  const [needed] = await tx.rows<{ kid: string; until: Date | null }>(keysStillNeeded, [tenantId]);
  if (needed === undefined) return;
  throw new ApiError('key_rotation_under_way', `The key ${needed.kid} still verifies bundles that expire at ${needed.until?.toISOString() ?? 'once'}. Rotate again after that.`);
}
