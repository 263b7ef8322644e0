import type { Statement, Transaction } from '@countersign/platform/postgres/database.ts';

export interface OverrideRow {
  readonly meter: string;
  readonly unit: string;
  readonly model: string | null;
  readonly from: string;
  readonly usd_per_unit: string;
  readonly source: string;
  readonly set_by: string;
  readonly set_at: Date;
}

const readVersionOf: Statement = { name: 'prices.version', text: 'SELECT version FROM control.price_lists WHERE tenant_id = $1' };

const list: Statement = {
  name: 'prices.list',
  text: `
    SELECT meter, unit, nullif(model, '') AS model, from_day AS "from", trim_scale(usd_per_unit)::text AS usd_per_unit, source, set_by, set_at
      FROM control.price_overrides WHERE tenant_id = $1 ORDER BY meter, unit, model, from_day`,
};

/** The tenant's own prices; version 0 where none were ever set. */
export async function readOverrides(tx: Transaction, tenantId: string): Promise<{ version: number; rows: OverrideRow[] }> {
  const held = await tx.maybeOne<{ version: number }>(readVersionOf, [tenantId]);
  return { version: held?.version ?? 0, rows: await tx.rows<OverrideRow>(list, [tenantId]) };
}

const raiseVersion: Statement = {
  name: 'prices.raise_version',
  text: `
    INSERT INTO control.price_lists AS p (tenant_id)
    SELECT $1 WHERE $2::int IS NULL OR $2 = 0 OR EXISTS (SELECT FROM control.price_lists WHERE tenant_id = $1)
    ON CONFLICT (tenant_id) DO UPDATE SET version = p.version + 1 WHERE $2::int IS NULL OR p.version = $2
    RETURNING p.version`,
};

const replace: Statement[] = [
  // Rows that stay as they are keep who set them and when.
  {
    name: 'prices.remove',
    text: `
      DELETE FROM control.price_overrides o WHERE o.tenant_id = $1 AND NOT EXISTS (
        SELECT FROM jsonb_to_recordset($2::jsonb) AS n(meter text, unit text, model text, "from" text, usd_per_unit numeric, source text)
         WHERE (n.meter, n.unit, coalesce(n.model, ''), n."from", n.usd_per_unit, n.source) = (o.meter, o.unit, o.model, o.from_day, o.usd_per_unit, o.source))`,
  },
  {
    name: 'prices.add',
    text: `
      INSERT INTO control.price_overrides (tenant_id, meter, unit, model, from_day, usd_per_unit, source, set_by)
      SELECT $1, n.meter, n.unit, coalesce(n.model, ''), n."from", n.usd_per_unit, n.source, $3
        FROM jsonb_to_recordset($2::jsonb) AS n(meter text, unit text, model text, "from" text, usd_per_unit numeric, source text)
      ON CONFLICT (tenant_id, meter, unit, model, from_day) DO NOTHING`,
  },
];

/** Puts `overrides` in the place of those that were there. Gives the new version, or undefined when another than `expected` was there. */
export async function replaceOverrides(tx: Transaction, tenantId: string, overrides: readonly object[], setBy: string, expected: number | null): Promise<number | undefined> {
  // The version's row lock makes writers wait for each other.
  const raised = await tx.maybeOne<{ version: number }>(raiseVersion, [tenantId, expected]);
  if (raised === undefined) return undefined;
  const json = JSON.stringify(overrides);
  await tx.change(replace[0]!, [tenantId, json]);
  await tx.change(replace[1]!, [tenantId, json, setBy]);
  return raised.version;
}
