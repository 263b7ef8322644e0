import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys, SigningKey } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Notifier } from '../live/notifier.ts';
import type { BundlePublisher } from './bundle-publisher.ts';
import { refuseBlank } from './policy-versions.ts';
import { firstWorkspace, keysStillNeeded, retireKeys, signingGeneration, supersedeKeys } from './repository-keys.ts';
import { lockTenant } from './repository-versions.ts';
import { publicKeys, publish } from './signing-keys.ts';

const PURPOSE = 'policy_bundle';

export interface KeyRotationParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly publisher: BundlePublisher;
}

/** One key signs bundles; the one before it verifies until the last bundle that it signed has expired, and then nothing more. */
export class KeyRotation {
  readonly #parts: KeyRotationParts;

  constructor(parts: KeyRotationParts) {
    this.#parts = parts;
  }

  async rotateKey({ principal, body }: Call<'rotateKey'>): Promise<Answer<'rotateKey'>> {
    refuseBlank(body.reason, '/reason');
    const { database, keys, clock, notifier, publisher } = this.#parts;
    const { tenantId } = principal;
    await this.retireWhenDue(tenantId);
    const next = await database.forTenant(tenantId, async (tx) => {
      await tx.one(lockTenant, [tenantId]);
      await refuseWhileNeeded(tx, tenantId);
      const { generation } = await tx.one<{ generation: number }>(signingGeneration, [tenantId, PURPOSE]);
      const before = await keys.signingKey(tenantId, PURPOSE, generation);
      const key = await keys.signingKey(tenantId, PURPOSE, generation + 1);
      await publish(tx, tenantId, PURPOSE, generation, before);
      await tx.change(supersedeKeys, [tenantId, PURPOSE]);
      await publish(tx, tenantId, PURPOSE, generation + 1, key);
      await appendAudit(tx, {
        at: clock.now(), type: 'key.rotated', tenant_id: tenantId, workspace_id: principal.workspaceId, run_id: null, actor: actorOf(principal),
        subject: { kind: 'signing_key', id: key.kid }, data: { purpose: PURPOSE, generation: generation + 1, replaces: before.kid, reason_digest: digestOf(body.reason) },
      });
      return key;
    });
    await publisher.publishAll(tenantId);
    notifier.changed({ tenant_id: tenantId, kind: 'policy', id: next.kid, state: 'key_rotated' });
    return { status: 201, body: await this.#shown(tenantId, next) };
  }

  /** Retires what nothing is verified with any more; gives whether there was any. */
  async retireWhenDue(tenantId: string): Promise<boolean> {
    return this.#parts.database.forTenant(tenantId, async (tx) => {
      const retired = await tx.rows<{ kid: string }>(retireKeys, [tenantId, PURPOSE]);
      if (retired.length === 0) return false;
      const workspace = await tx.one<{ id: string }>(firstWorkspace, [tenantId]);
      for (const { kid } of retired) {
        await appendAudit(tx, {
          at: this.#parts.clock.now(), type: 'key.retired', tenant_id: tenantId, workspace_id: workspace.id, run_id: null,
          actor: { kind: 'system', id: 'control-plane' }, subject: { kind: 'signing_key', id: kid }, data: { purpose: PURPOSE },
        });
      }
      return true;
    });
  }

  async #shown(tenantId: string, { kid }: SigningKey): Promise<Extract<Answer<'rotateKey'>, { status: 201 }>['body']> {
    const found = (await this.#parts.database.forTenant(tenantId, (tx) => publicKeys(tx, tenantId))).find((key) => key.kid === kid);
    if (found === undefined) throw new ApiError('internal', 'The new key cannot be read back.');
    return found;
  }
}

async function refuseWhileNeeded(tx: Transaction, tenantId: string): Promise<void> {
  const [needed] = await tx.rows<{ kid: string; until: Date | null }>(keysStillNeeded, [tenantId, PURPOSE]);
  if (needed === undefined) return;
  throw new ApiError('key_rotation_under_way', `The key ${needed.kid} still verifies bundles that expire at ${needed.until?.toISOString() ?? 'once'}. Rotate again after that.`);
}
