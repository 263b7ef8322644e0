import type { Decision } from '@countersign/contracts/policy/decision.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { DATA_FILE } from '@countersign/platform/opa/bundle/contents.ts';

export const WITHHELD = '(withheld: policy made it from content)';

/** Whether a word of a decision stands in the policy itself, in its sources or its data. Any other was made from what policy was asked. */
export type IsOfPolicy = (word: string | number) => boolean;

/** `known`: what is no secret either, such as the decision that was recorded. */
export function wordsOfPolicy(files: BundleFiles, known: unknown = null): IsOfPolicy {
  const own = [...files].filter(([name]) => name.endsWith('.rego') || name === DATA_FILE).map(([, bytes]) => Buffer.from(bytes).toString('utf8'));
  const text = [...own, JSON.stringify(known)].join('\n');
  return (word) => text.includes(typeof word === 'number' ? String(word) : JSON.stringify(word).slice(1, -1));
}

/** The decision with the policy's own words only. What is left can still be told apart, as outcomes can; it quotes nothing. */
export function withoutContent<Part extends Decision>(decision: Part, isOfPolicy: IsOfPolicy): Part {
  const clean = (value: unknown): unknown => {
    if (typeof value === 'string' || typeof value === 'number') return isOfPolicy(value) ? value : WITHHELD;
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [isName(key) || isOfPolicy(key) ? key : WITHHELD, clean(member)]));
  };
  const { outcome: _kept, shadow, ...said } = decision;
  return { ...decision, ...clean(said) as Partial<Part>, ...(shadow === undefined ? {} : { shadow: { outcome: shadow.outcome, ...clean({ reasons: shadow.reasons, obligations: shadow.obligations }) as object } }) };
}

/** The contract fixes every name; only caps are named by pointers that the policy chose. */
function isName(key: string): boolean {
  return !key.startsWith('/');
}
