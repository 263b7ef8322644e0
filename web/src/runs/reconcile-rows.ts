/** What the list shows while newer data comes in: rows never move under the pointer until the person asks for the new ones. */
export interface ShownRows<Row> {
  rows: Row[];
  /** Rows of `latest` that are not shown yet. */
  newCount: number;
  /** Ids of shown rows that `latest` does not hold any more: pushed off the page, or not of this filter now. */
  gone: ReadonlySet<string>;
}

/**
 * Keeps the order and the membership of `shown`, and takes each row's content from `latest` where it is there.
 * `shown` empty means that nothing was shown yet: then `latest` is taken as it is.
 */
export function reconcileRows<Row extends { id: string }>(shown: readonly Row[], latest: readonly Row[]): ShownRows<Row> {
  if (shown.length === 0) return { rows: [...latest], newCount: 0, gone: new Set() };
  const byId = new Map(latest.map((row) => [row.id, row]));
  const shownIds = new Set(shown.map(({ id }) => id));
  return {
    rows: shown.map((row) => byId.get(row.id) ?? row),
    newCount: latest.filter(({ id }) => !shownIds.has(id)).length,
    gone: new Set(shown.filter(({ id }) => !byId.has(id)).map(({ id }) => id)),
  };
}
