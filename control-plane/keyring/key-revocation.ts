import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import { signingGenerationIn } from '@countersign/platform/keys/repository-key-store.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import { pageOf, positionOf } from '../api/page.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import type { BundlePublisher } from '../policies/bundle-publisher.ts';
import { refuseBlank } from '../policies/policy-versions.ts';
import { lockTenant } from '../policies/repository-versions.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import type { KeyRotation } from './key-rotation.ts';
import { destroyPrivateHalf, findKey, newestGeneration, revokeKey } from './repository-keys.ts';
import type { NewestGeneration, RevocableKey } from './repository-keys.ts';
import { listSignatures } from './repository-signatures.ts';
import type { SignatureRow } from './repository-signatures.ts';

export interface KeyRevocationParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly publisher: BundlePublisher;
  readonly rotation: KeyRotation;
}

const WEBHOOKS_NOT_KEPT = 'Webhooks are not kept one by one. Each names the key in `keyid` of its Signature-Input: receivers find theirs by it. What went to which sink, and up to which event, is in the positions of sinks.';

/** A signing key that somebody else may have: another signs at once, its private half is destroyed, and what it signed can be listed. */
export class KeyRevocation {
  readonly #parts: KeyRevocationParts;

  constructor(parts: KeyRevocationParts) {
    this.#parts = parts;
  }

  async revokeKey({ principal, path, body }: Call<'revokeKey'>): Promise<Answer<'revokeKey'>> {
    refuseBlank(body.reason, '/reason');
    const { database, keys, clock, notifier, publisher, rotation } = this.#parts;
    const { tenantId } = principal;
    const since = new Date(body.compromised_since);
    if (since.getTime() > clock.now().getTime()) {
      throw new ApiError('request_invalid', 'A key is compromised since a moment that has been.', { errors: [{ field: '/compromised_since', code: 'not_allowed', message: 'Use a time that is not in the future.' }] });
    }
    const purpose = await database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      await tx.one(lockTenant, [tenantId]);
      const key = await this.#revocable(tx, tenantId, path.kid);
      if (await signsNowOrNext(tx, tenantId, key)) await rotation.follow(tx, principal, key.purpose, body.reason, 0);
      await tx.change(revokeKey, [tenantId, key.kid, principal.id, digestOf(body.reason), since]);
      await tx.change(destroyPrivateHalf, [tenantId, key.purpose, key.generation]);
      await appendAudit(tx, {
        at: clock.now(), type: 'key.revoked', tenant_id: tenantId, workspace_id: principal.workspaceId, run_id: null, actor: actorOf(principal),
        subject: { kind: 'signing_key', id: key.kid }, data: { purpose: key.purpose, generation: key.generation, compromised_since: since.toISOString(), reason_digest: digestOf(body.reason) },
      });
      return key.purpose;
    });
    keys.forget(tenantId);
    if (purpose === 'policy_bundle') await publisher.publishAll(tenantId);
    notifier.changed({ tenant_id: tenantId, workspace_id: null, kind: 'policy', id: path.kid, state: 'key_revoked' });
    return { status: 200, body: await rotation.shown(tenantId, path.kid) };
  }

  async listKeySignatures({ principal, path, query }: Call<'listKeySignatures'>): Promise<Answer<'listKeySignatures'>> {
    const { tenantId } = principal;
    const after = positionOf(query.cursor);
    const limit = query.limit ?? 50;
    const { purpose, rows } = await this.#parts.database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      const key = await tx.maybeOne<RevocableKey>(findKey, [tenantId, path.kid]);
      if (key === undefined) throw new ApiError('not_found', 'The tenant has no such key.');
      return { purpose: key.purpose, rows: await tx.rows<SignatureRow>(listSignatures, [tenantId, key.kid, after?.at ?? null, after?.id ?? null, limit + 1, key.generation === 1 ? key.purpose : '']) };
    });
    const page = pageOf(rows, limit);
    return { status: 200, body: { items: page.rows.map(({ kind, id, at, after_compromise }) => ({ kind, id, at: at.toISOString(), after_compromise })), next_cursor: page.nextCursor, not_kept: purpose === 'webhook' ? WEBHOOKS_NOT_KEPT : null } };
  }

  async #revocable(tx: Transaction, tenantId: string, kid: string): Promise<RevocableKey> {
    const key = await tx.maybeOne<RevocableKey>(findKey, [tenantId, kid]);
    if (key === undefined) throw new ApiError('not_found', 'The tenant has no such key.');
    if (key.revoked_at !== null) throw new ApiError('key_revoked', `The key is revoked since ${key.revoked_at.toISOString()}.`);
    if (key.retired_at !== null) throw new ApiError('key_not_revocable', `The key is retired since ${key.retired_at.toISOString()}: whatever is signed with it is refused already.`);
    return key;
  }
}

/** Also of one that was published to follow: without it nothing would follow the one that signs. */
async function signsNowOrNext(tx: Transaction, tenantId: string, key: RevocableKey): Promise<boolean> {
  const newest = await tx.one<NewestGeneration>(newestGeneration, [tenantId, key.purpose]);
  return key.generation === newest.generation || key.generation === await signingGenerationIn(tx, tenantId, key.purpose);
}
