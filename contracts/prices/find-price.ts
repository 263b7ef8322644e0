import type { PriceRow } from './price-table.ts';

/** What a price is looked up for. */
export interface Metered {
  readonly meter: string;
  readonly unit: string;
  readonly model?: string | undefined;
}

/**
 * The row that holds for `metered` on the day of `at` (UTC): the most exact one for its model, and of those the newest. Null when none
 * does. A row in another unit is no price.
 */
export function findPrice(rows: readonly PriceRow[], metered: Metered, at: Date): PriceRow | null {
  const today = at.toISOString().slice(0, 10);
  let best: { readonly row: PriceRow; readonly exactness: number } | null = null;
  for (const row of rows) {
    if (row.meter !== metered.meter || row.unit !== metered.unit || row.from > today) continue;
    const exactness = exactnessOf(row.model, metered.model);
    if (exactness === null) continue;
    if (best === null || exactness > best.exactness || (exactness === best.exactness && row.from > best.row.from)) best = { row, exactness };
  }
  return best?.row ?? null;
}

/** How exactly a row's model names this one, 0 for a row without a model; null when it is another. */
function exactnessOf(named: string | undefined, model: string | undefined): number | null {
  if (named === undefined) return 0;
  if (model === undefined) return null;
  if (named === model) return named.length + 2;
  if (named.endsWith('*')) return model.startsWith(named.slice(0, -1)) ? named.length - 1 : null;
  return model.startsWith(named) && SNAPSHOT.test(model.slice(named.length)) ? named.length + 1 : null;
}

/** What vendors put behind a model's name for one of its snapshots: `-2026-04-23`, `-20260423`, `@20260423`. Anything else is another model. */
const SNAPSHOT = /^[-@]\d{4}-?\d{2}-?\d{2}$/;
