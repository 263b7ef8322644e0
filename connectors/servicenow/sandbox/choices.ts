/**
 * Choice lists: rows of `sys_choice`, one per table, element and value; a subcategory depends on its category.
 * The Table API stores a value that is in no list without complaint (not documented either way: the sandbox takes the
 * side that makes a client check for itself).
 */
import type { RecordStore, Row } from './store.ts';

/** The label of a stored value, or the value itself where no list has it. */
export function choiceLabel(store: RecordStore, table: string, element: string, value: string, row: Row): string {
  if (value === '') return '';
  const matching = choicesOf(store, table, element).filter((choice) => choice['value'] === value);
  const dependent = matching.find((choice) => choice['dependent_value'] === row['category']);
  return (dependent ?? matching[0])?.['label'] ?? value;
}

/** The stored value of a label; the input itself where no list has it. */
export function choiceValue(store: RecordStore, table: string, element: string, label: string): string {
  const matching = choicesOf(store, table, element).find((choice) => choice['label'] === label || choice['value'] === label);
  return matching?.['value'] ?? label;
}

function choicesOf(store: RecordStore, table: string, element: string): Row[] {
  return store.rowsWhere('sys_choice', 'element', element).filter((choice) => choice['name'] === table);
}
