import { classOf, type FieldClass } from '@countersign/contracts/events/catalogue.ts';

/** One member of an event's data: who may see it outside of the cell, and what it is. */
export interface EventField {
  readonly name: string;
  readonly fieldClass: FieldClass;
  readonly text: string;
}

export const CLASS_MEANINGS: Record<FieldClass, string> = {
  public: 'Every sink gets it as it is',
  sensitive: 'Sinks get its digest, but for those that were made to get it as it is',
  secret: 'It never leaves the cell: no sink gets it',
};

/** The members of an event's data, in the order of their names. */
export function fieldsOf(data: unknown): EventField[] {
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([name, value]) => ({ name, fieldClass: classOf(name), text: typeof value === 'string' ? value : JSON.stringify(value) }));
}
