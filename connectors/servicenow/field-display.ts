import type { Choice } from './reference-lists.ts';

/** What people call the fields that we write. */
export const FIELD_LABELS: Readonly<Record<string, string>> = {
  category: 'Category', subcategory: 'Subcategory', impact: 'Impact', urgency: 'Urgency', priority: 'Priority', assignment_group: 'Assignment group',
};

/** The label of a stored choice value; a subcategory's depends on its category. A value that is in no list is shown as it is. */
export function shownChoice(choices: readonly Choice[], element: string, value: string, category: string): string {
  if (value === '') return '';
  const matching = choices.filter((choice) => choice.element === element && choice.value === value);
  return (matching.find((choice) => choice.dependent_value === category) ?? matching[0])?.label ?? value;
}
