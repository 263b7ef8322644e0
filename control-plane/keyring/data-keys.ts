import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { EnvelopeKeys } from '@countersign/platform/keys/envelope-keys.ts';
import { addKey } from '@countersign/platform/keys/repository-key-store.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import { refuseBlank } from '../policies/policy-versions.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { listDataKeys } from './repository-data-keys.ts';
import type { DataKeyRow } from './repository-data-keys.ts';

export interface DataKeysParts {
  readonly database: Database;
  readonly keys: EnvelopeKeys;
  readonly clock: Clock;
  /** What is sealed under the key of before is to be sealed anew. */
  readonly wakeReseal: () => void;
}

/** The keys that seal: which there are, and another one on demand. */
export class DataKeys {
  readonly #parts: DataKeysParts;

  constructor(parts: DataKeysParts) {
    this.#parts = parts;
  }

  async listDataKeys({ principal }: Call<'listDataKeys'>): Promise<Answer<'listDataKeys'>> {
    return { status: 200, body: { items: await this.#all(principal.tenantId) } };
  }

  async rotateDataKey({ principal, body }: Call<'rotateDataKey'>): Promise<Answer<'rotateDataKey'>> {
    refuseBlank(body.reason, '/reason');
    const { database, keys, clock, wakeReseal } = this.#parts;
    const { tenantId } = principal;
    const next = await keys.nextSealingKey(tenantId, body.purpose);
    const key = await database.forTenant(tenantId, async (tx) => {
      refuseUnlessHome(principal);
      const added = await addKey(tx, tenantId, next);
      await appendAudit(tx, {
        at: clock.now(), type: 'data_key.rotated', tenant_id: tenantId, workspace_id: principal.workspaceId, run_id: null, actor: actorOf(principal),
        subject: { kind: 'data_key', id: added.id }, data: { purpose: body.purpose, generation: added.generation, reason_digest: digestOf(body.reason) },
      });
      return added;
    });
    keys.forget(tenantId);
    wakeReseal();
    const shown = (await this.#all(tenantId)).find(({ id }) => id === key.id);
    if (shown === undefined) throw new ApiError('internal', 'The new key cannot be read back.');
    return { status: 201, body: shown };
  }

  async #all(tenantId: string): Promise<Array<components['schemas']['DataKey']>> {
    const rows = await this.#parts.database.forTenant(tenantId, (tx) => tx.rows<DataKeyRow>(listDataKeys, [tenantId]));
    return rows.map(({ created_at, rewrapped_at, superseded_at, shredded_at, seals, ...row }) => ({
      ...row, seals: Number(seals), created_at: created_at.toISOString(), rewrapped_at: rewrapped_at?.toISOString() ?? null,
      superseded_at: superseded_at?.toISOString() ?? null, shredded_at: shredded_at?.toISOString() ?? null,
    }));
  }
}
