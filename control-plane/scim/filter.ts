import { ScimError } from './errors.ts';

/** What a filter asks for, all of it: attribute (lower case) and value. */
export type Filter = ReadonlyMap<string, string>;

const CLAUSE = /^([A-Za-z][\w.:$-]*)(?:\[type eq "work"\](?:\.value)?)?\s+eq\s+(?:"((?:[^"\\]|\\["\\/])*)"|(true|false))$/i;

/**
 * Reads a filter of equalities joined by `and`, which is what directories ask by (RFC 7644, 3.4.2.2). `allowed`: the attributes, lower case.
 * @throws ScimError `invalidFilter` for everything else
 */
export function parseFilter(text: string | undefined, allowed: readonly string[]): Filter {
  const filter = new Map<string, string>();
  if (text === undefined) return filter;
  for (const clause of splitAnd(text)) {
    const [, attribute, quoted, bare] = CLAUSE.exec(clause.trim()) ?? [];
    const name = attribute?.toLowerCase().replace(/\.value$/, '');
    if (name === undefined || !allowed.includes(name) || filter.has(name)) throw new ScimError('invalidFilter', `Use ${allowed.join(', ')} with eq, joined by and.`);
    filter.set(name, quoted?.replaceAll(/\\(["\\/])/g, '$1') ?? bare?.toLowerCase() ?? '');
  }
  return filter;
}

/** At ` and ` outside of quotes. */
function splitAnd(text: string): string[] {
  const parts: string[] = [''];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|\s+and\s+|[^"\s]+|\s+|"/gi)) {
    if (/^\s+and\s+$/i.test(token)) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts;
}
