import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { may } from '../access/may.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import type { Principal } from '../identity/principal.ts';
import { refuseUnlessHome } from '../tenancy/home-workspace.ts';
import { findHold, hasTarget, insertHold, listHolds, releaseHold } from './repository-holds.ts';
import type { HoldRow } from './repository-holds.ts';

type LegalHold = components['schemas']['LegalHold'];

/** What is not deleted while a case goes on. Sweeps and erasures ask for holds themselves; here they are set and released. */
export class LegalHolds {
  readonly #database: Database;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #onReleased: () => void;

  constructor({ database, keys, clock, onReleased }: { readonly database: Database; readonly keys: Keys; readonly clock: Clock; /** Something may go on. */ readonly onReleased: () => void }) {
    this.#database = database;
    this.#keys = keys;
    this.#clock = clock;
    this.#onReleased = onReleased;
  }

  async listLegalHolds({ principal }: Call<'listLegalHolds'>): Promise<Answer<'listLegalHolds'>> {
    const rows = await this.#database.forTenant(principal.tenantId, (tx) => tx.rows<HoldRow>(listHolds, [principal.tenantId]));
    return { status: 200, body: { items: await Promise.all(rows.map((row) => this.#view(row, principal))) } };
  }

  async setLegalHold({ principal, body }: Call<'setLegalHold'>): Promise<Answer<'setLegalHold'>> {
    const { tenantId } = principal;
    const target = body.scope === 'tenant' ? tenantId : body.target ?? '';
    const id = newId('legal_hold');
    // Before the transaction: a key may have to be asked for.
    const reason = await this.#keys.seal(tenantId, 'identity', id, Buffer.from(body.reason));
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const home = refuseUnlessHome(principal);
      if (!await hasTarget(tx, tenantId, body.scope, target)) throw new ApiError('request_invalid', `There is no such ${body.scope}. Set target to ${body.scope === 'subject' ? 'the record that runs are about' : `the id of a ${body.scope} of this tenant`}.`);
      await tx.change(insertHold, [tenantId, id, body.scope, target, reason, principal.id]);
      await appendAudit(tx, {
        at: this.#clock.now(), type: 'legal_hold.set', tenant_id: tenantId, workspace_id: home, run_id: body.scope === 'run' ? target : null, actor: actorOf(principal),
        // A record's name may be what somebody typed.
        subject: { kind: 'legal_hold', id }, data: { scope: body.scope, target: body.scope === 'subject' ? digestOf(target) : target, reason_digest: digestOf(body.reason) },
      });
      return tx.one<HoldRow>(findHold, [tenantId, id]);
    });
    return { status: 201, body: await this.#view(row, principal) };
  }

  async releaseLegalHold({ principal, path, body }: Call<'releaseLegalHold'>): Promise<Answer<'releaseLegalHold'>> {
    const { tenantId } = principal;
    const reason_digest = digestOf(body.reason);
    const row = await this.#database.forTenant(tenantId, async (tx) => {
      const before = await tx.maybeOne<HoldRow>(findHold, [tenantId, path.hold_id]);
      if (before === undefined) throw new ApiError('not_found', 'There is no such legal hold.');
      const home = refuseUnlessHome(principal);
      // Releasing twice is releasing once.
      if (await tx.change(releaseHold, [tenantId, path.hold_id, principal.id, reason_digest]) === 0) return before;
      await appendAudit(tx, {
        at: this.#clock.now(), type: 'legal_hold.released', tenant_id: tenantId, workspace_id: home, run_id: null, actor: actorOf(principal),
        subject: { kind: 'legal_hold', id: path.hold_id }, data: { scope: before.scope, set_by: before.set_by, reason_digest },
      });
      return tx.one<HoldRow>(findHold, [tenantId, path.hold_id]);
    });
    this.#onReleased();
    return { status: 200, body: await this.#view(row, principal) };
  }

  /** What the case is about is for those who set holds. */
  async #view(row: HoldRow, principal: Principal): Promise<LegalHold> {
    const { reason_sealed, set_at, released_at, ...rest } = row;
    const reason = may(principal, 'legal_holds:manage') ? Buffer.from(await this.#keys.unseal(principal.tenantId, 'identity', row.id, reason_sealed)).toString('utf8') : null;
    return { ...rest, reason, set_at: set_at.toISOString(), released_at: released_at?.toISOString() ?? null };
  }
}
