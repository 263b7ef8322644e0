import { countOf } from '../format/count.ts';

/** What of the dead letters is to be redriven: some by their ids, or all that fit the filter, also those on other pages. */
export type Selection = { kind: 'some'; ids: ReadonlySet<string> } | { kind: 'all' };

export const NOTHING: Selection = { kind: 'some', ids: new Set() };

export function isSelected(selection: Selection, id: string): boolean {
  return selection.kind === 'all' || selection.ids.has(id);
}

/** Selects one or takes it out again. Taking one out of all leaves the others of the page: `page` is what is on it. */
export function toggle(selection: Selection, id: string, page: readonly string[]): Selection {
  const ids = new Set(selection.kind === 'all' ? page : selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { kind: 'some', ids };
}

/** Everything on the page, or nothing of it when all of it is selected already. */
export function togglePage(selection: Selection, page: readonly string[]): Selection {
  if (page.every((id) => isSelected(selection, id))) return NOTHING;
  return { kind: 'some', ids: new Set([...(selection.kind === 'some' ? selection.ids : []), ...page]) };
}

/** `3 dead letters`, `all that fit the filter`: what a button or a question says. */
export function selectionInWords(selection: Selection): string {
  if (selection.kind === 'all') return 'all that fit the filter';
  return countOf(selection.ids.size, 'dead letter');
}
