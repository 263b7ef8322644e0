import { PRICE_TABLE } from '@countersign/contracts/prices/price-table.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import { changedSince, etagOf, expectedVersion } from './etag.ts';
import { readOverrides, replaceOverrides } from './repository-prices.ts';

type Price = components['schemas']['Price'];

/** What metered units cost the tenant: its own prices, then the shipped table. A price that is changed changes no figure of the past. */
export class Prices {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  async getPrices({ principal }: Call<'getPrices'>): Promise<Answer<'getPrices'>> {
    return this.#database.forTenant(principal.tenantId, (tx) => answer(tx, principal.tenantId));
  }

  async putPrices({ principal, body, headers }: Call<'putPrices'>): Promise<Answer<'putPrices'>> {
    const { tenantId, workspaceId } = principal;
    checkOverrides(body.overrides);
    const expected = expectedVersion(headers['if-match']);
    return this.#database.forTenant(tenantId, async (tx) => {
      const version = await replaceOverrides(tx, tenantId, body.overrides, principal.id, expected);
      if (version === undefined) throw changedSince();
      await appendAudit(tx, {
        at: this.#clock.now(), type: 'prices.changed', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: actorOf(principal), subject: { kind: 'prices', id: tenantId },
        data: { version, overrides: body.overrides.length, digest: digestOf(body.overrides) },
      });
      return answer(tx, tenantId);
    });
  }
}

async function answer(tx: Transaction, tenantId: string): Promise<{ status: 200; headers: Record<string, string>; body: components['schemas']['PriceList'] }> {
  const { version, rows } = await readOverrides(tx, tenantId);
  const overrides = rows.map(({ model, set_at, ...row }) => ({ ...row, ...(model === null ? {} : { model }), set_at: set_at.toISOString() }));
  const table = PRICE_TABLE.rows.map((row): Price => ({ ...row }));
  return { status: 200, headers: { etag: etagOf(version) }, body: { dated: PRICE_TABLE.dated, table, overrides } };
}

/** What the contract's schema cannot say: days that exist, and no two prices for the same from the same day. */
function checkOverrides(overrides: readonly Price[]): void {
  const seen = new Set<string>();
  overrides.forEach(({ meter, unit, model = '', from }, index) => {
    if (!isDay(from)) throw invalid(`/overrides/${index}/from`, 'not_a_day', 'Give a day that exists, as YYYY-MM-DD.');
    const key = JSON.stringify([meter, unit, model, from]);
    if (seen.has(key)) throw invalid(`/overrides/${index}`, 'repeated', 'There is another price for this meter, unit and model from the same day. Keep one of them.');
    seen.add(key);
  });
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function invalid(field: string, code: string, message: string): ApiError {
  return new ApiError('request_invalid', 'The body does not fit.', { errors: [{ field, code, message }] });
}
