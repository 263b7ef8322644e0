import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { Reason } from '@countersign/contracts/policy/decision.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { readManifest } from '@countersign/platform/opa/bundle/contents.ts';

type ExplainedReason = components['schemas']['ExplainedReason'];
type Explanation = components['schemas']['DecisionExplanation'];

/** A rule is shown whole, up to this many lines around the one where its verdict is written. */
const MAX_LINES = 60;
const DECISION_POINT = 'decision_point';

/** The rules behind `reasons`, with their lines in the files of the bundle that decided. `unbound` spoke in shadow mode. */
export function explainByBundle(files: BundleFiles, reasons: readonly Reason[], unbound: readonly Reason[]): Explanation {
  const explain = explainer(files);
  if (reasons.every(({ rule }) => isOfDecisionPoint(rule))) return { ...withoutLines(reasons, unbound), source: 'decision_point', message: NOT_BY_POLICY };
  return { source: 'bundle', message: null, reasons: reasons.map(explain), unbound: unbound.map(explain) };
}

/** Without lines: no bundle decided, or it cannot be read, which `message` says then. */
export function explainWithoutBundle(reasons: readonly Reason[], unbound: readonly Reason[], message: string | null): Explanation {
  return { ...withoutLines(reasons, unbound), source: message === null ? 'decision_point' : 'unavailable', message: message ?? NOT_BY_POLICY };
}

/** For whoever may not read policy: which rules, and where they stand. */
export function withoutSource(explanation: Explanation): Explanation {
  const bare = (reason: ExplainedReason): ExplainedReason => ({ ...reason, lines: [] });
  return { ...explanation, reasons: explanation.reasons.map(bare), unbound: explanation.unbound.map(bare) };
}

const NOT_BY_POLICY = 'The decision point denied by itself: policy could not be asked, or not be trusted.';

function withoutLines(reasons: readonly Reason[], unbound: readonly Reason[]): Pick<Explanation, 'reasons' | 'unbound'> {
  const bare = ({ rule, message }: Reason): ExplainedReason => ({ rule, message, layer: layerOf(rule), file: null, line: null, lines: [] });
  return { reasons: reasons.map(bare), unbound: unbound.map(bare) };
}

function explainer(files: BundleFiles): (reason: Reason) => ExplainedReason {
  const sources = new Map([...files].filter(([name]) => name.endsWith('.rego')).map(([name, bytes]) => [name, Buffer.from(bytes).toString('utf8').split('\n')]));
  const rules = rulesNamedIn(files);
  return ({ rule, message }) => {
    const place = rules.get(rule) ?? foundIn(sources, rule);
    const lines = place === undefined ? undefined : sources.get(place.file);
    if (place === undefined || lines === undefined) return { rule, message, layer: layerOf(rule), file: null, line: null, lines: [] };
    return { rule, message, layer: layerOf(rule), ...place, lines: linesOfRule(lines, place.line) };
  };
}

interface Place {
  readonly file: string;
  readonly line: number;
}

/** What the compiler has written down of where each rule's verdict is. */
function rulesNamedIn(files: BundleFiles): Map<string, Place> {
  return new Map(Object.entries(readManifest(files).metadata.countersign.rules));
}

/** Bundles of before that have no such list: a rule's name is a literal of its verdict. */
function foundIn(sources: ReadonlyMap<string, readonly string[]>, rule: string): Place | undefined {
  const literal = JSON.stringify(rule);
  for (const [file, lines] of sources) {
    const at = lines.findIndex((line) => line.includes(literal) && !line.trimStart().startsWith('#'));
    if (at >= 0) return { file, line: at + 1 };
  }
  return undefined;
}

/** From the comment above the head of the rule that holds `line` to its end. As `opa fmt` writes Rego, only heads and closing braces stand at the margin. */
function linesOfRule(lines: readonly string[], line: number): ExplainedReason['lines'] {
  const at = line - 1;
  let first = at;
  while (first > 0 && !startsRule(lines[first] ?? '')) first -= 1;
  while (first > 0 && (lines[first - 1] ?? '').startsWith('#')) first -= 1;
  let last = at;
  while (last + 1 < lines.length && !endsRule(lines[last] ?? '') && (lines[last + 1] ?? '') !== '') last += 1;
  first = Math.max(first, at - MAX_LINES);
  last = Math.min(last, first + 2 * MAX_LINES);
  return lines.slice(first, last + 1).map((text, index) => ({ line: first + index + 1, text }));
}

function startsRule(text: string): boolean {
  return /^[A-Za-z_]/.test(text);
}

function endsRule(text: string): boolean {
  return /^[}\])]+$/.test(text);
}

function layerOf(rule: string): string {
  return isOfDecisionPoint(rule) ? DECISION_POINT : rule.slice(0, rule.indexOf('/'));
}

/** Rules in Rego are `<layer>/<rule>`; the decision point's own are bare words. */
export function isOfDecisionPoint(rule: string): boolean {
  return !rule.includes('/');
}
