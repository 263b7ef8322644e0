/**
 * ServiceNow's encoded queries, parsed. `^` is AND, `^OR` widens the condition before it, `^NQ` starts another query
 * whose rows are added, `^^` is a caret inside a value. Names, operators and values are case-sensitive.
 * Source: Table API documentation, `sysparm_query`.
 */

const OPERATORS = [
  'ISNOTEMPTY', 'ISEMPTY', 'EMPTYSTRING', 'ANYTHING', 'STARTSWITH', 'ENDSWITH', 'NOT LIKE', 'NOT IN', 'BETWEEN', 'LIKE', 'IN', '!=', '>=', '<=', '!*', '=', '>', '<', '*', '%',
] as const;

export type QueryOperator = (typeof OPERATORS)[number];

export interface Condition {
  field: string;
  operator: QueryOperator;
  value: string;
}

export interface SortKey {
  field: string;
  descending: boolean;
}

/** `queries` are ORed; each is a list of groups that are ANDed; the conditions of a group are ORed. */
export interface EncodedQuery {
  queries: Condition[][][];
  order: SortKey[];
  /** Parts that could not be read. An instance ignores them by default, which gives more rows, not fewer. */
  ignored: string[];
}

/** Parses an encoded query. Never throws: what is not understood is listed in `ignored` and left out. */
export function parseEncodedQuery(encoded: string): EncodedQuery {
  const parsed: EncodedQuery = { queries: [[]], order: [], ignored: [] };
  for (const part of splitParts(encoded)) {
    if (part === '' || part === 'EQ') continue;
    if (part.startsWith('ORDERBY')) parsed.order.push(sortKeyOf(part));
    else if (part.startsWith('NQ')) startQuery(parsed, part.slice(2));
    else if (part.startsWith('OR')) addAlternative(parsed, part.slice(2));
    else addGroup(parsed, part);
  }
  return parsed;
}

/** Splits at single carets; a doubled caret stands for the character itself. */
function splitParts(encoded: string): string[] {
  const parts: string[] = [''];
  for (let index = 0; index < encoded.length; index += 1) {
    const isCaret = encoded[index] === '^';
    if (isCaret && encoded[index + 1] === '^') index += 1;
    else if (isCaret) {
      parts.push('');
      continue;
    }
    parts[parts.length - 1] += encoded[index] ?? '';
  }
  return parts;
}

function sortKeyOf(part: string): SortKey {
  const descending = part.startsWith('ORDERBYDESC');
  return { field: part.slice(descending ? 'ORDERBYDESC'.length : 'ORDERBY'.length), descending };
}

function startQuery(parsed: EncodedQuery, rest: string): void {
  parsed.queries.push([]);
  if (rest !== '') addGroup(parsed, rest);
}

function addGroup(parsed: EncodedQuery, part: string): void {
  const condition = conditionOf(part);
  if (condition === undefined) parsed.ignored.push(part);
  else parsed.queries.at(-1)?.push([condition]);
}

function addAlternative(parsed: EncodedQuery, part: string): void {
  const condition = conditionOf(part);
  const group = parsed.queries.at(-1)?.at(-1);
  if (condition === undefined) parsed.ignored.push(part);
  else if (group === undefined) parsed.queries.at(-1)?.push([condition]);
  else group.push(condition);
}

/** Reads `<field><operator><value>`; a field name is lower case with digits, underscores and dots. */
function conditionOf(part: string): Condition | undefined {
  const field = /^[a-z][a-z0-9_.]*/.exec(part)?.[0];
  if (field === undefined) return undefined;
  const rest = part.slice(field.length);
  const operator = OPERATORS.find((candidate) => rest.startsWith(candidate));
  if (operator === undefined) return undefined;
  return { field, operator, value: rest.slice(operator.length) };
}
