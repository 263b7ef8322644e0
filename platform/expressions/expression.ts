import { Environment, EvaluationError } from '@marcbachmann/cel-js';
import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import { ExpressionError } from './errors.ts';
import { jsonResult } from './json-result.ts';
import type { Json } from './json-result.ts';
import { AST_LIMITS, MAX_EXPRESSION_CHARACTERS } from './limits.ts';
import { childrenOf, COMPREHENSIONS, dotted, referencesIn, ROOTS } from './references.ts';
import type { ReferencePath } from './references.ts';

/** What expressions read: `trigger.<field>`, `steps.<id>.output.<field>`, `run.<field>`. Plain JSON; numbers are CEL doubles. */
export interface ExpressionContext {
  readonly trigger: unknown;
  readonly steps: unknown;
  readonly run: unknown;
  /** In a step of a map: the element of the list, and its place from 0, which is a CEL int. */
  readonly item?: { readonly value: unknown; readonly index: number };
}

export interface Expression {
  readonly source: string;
  /** Every path that it may read. */
  readonly references: readonly ReferencePath[];
  /** @throws ExpressionError `expression_field_missing`, `expression_failed`, `expression_result_*` */
  evaluate(context: ExpressionContext): Json;
}

/**
 * Parses one CEL expression (https://cel.dev). Bounded before it is ever run: length, shape, no comprehension inside another,
 * no regular expressions (V8's can be made to run for hours), no `cel.bind` (it doubles values without end).
 *
 * @throws ExpressionError `expression_too_long`, `expression_syntax`, `expression_unknown_name`, `expression_not_allowed`
 */
export function parseExpression(source: string): Expression {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const expression = parse(source);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(source, expression);
  return expression;
}

/** As `parseExpression(source).evaluate(context)`, for a condition: it must give true or false. */
export function evaluateCondition(source: string, context: ExpressionContext): boolean {
  const value = parseExpression(source).evaluate(context);
  if (typeof value !== 'boolean') {
    throw new ExpressionError('expression_result_not_boolean', `The condition "${source}" gives a ${kindOf(value)}, not true or false.`, { expression: source });
  }
  return value;
}

const MAX_CACHED = 2_000;
const cache = new Map<string, Expression>();

const environment = new Environment({ homogeneousAggregateLiterals: false, limits: AST_LIMITS });
for (const root of ROOTS) environment.registerVariable(root, 'dyn');

const FORBIDDEN_CALLS = new Set(['matches', 'bind']);
const FORBIDDEN_FIELDS = new Set(['__proto__', 'constructor', 'prototype']);

function parse(source: string): Expression {
  if (source.length > MAX_EXPRESSION_CHARACTERS) {
    throw new ExpressionError('expression_too_long', `The expression has ${source.length} characters; at most ${MAX_EXPRESSION_CHARACTERS} are allowed.`, { expression: source.slice(0, 80) });
  }
  const parsed = parseBounded(source);
  refuseForbidden(parsed.ast, source, false);
  const references = referencesIn(parsed.ast);
  return { source, references, evaluate: (context) => jsonResult(run(parsed, source, references, context), source) };
}

function parseBounded(source: string): ParseResult {
  let parsed: ParseResult;
  try {
    parsed = environment.parse(source);
  } catch (cause) {
    throw new ExpressionError('expression_syntax', `The expression "${source}" cannot be read: ${summaryOf(cause)}.`, { expression: source, cause, ...positionOf(cause) });
  }
  const check = parsed.check();
  if (!check.valid) {
    const unknown = check.error?.code === 'unknown_variable';
    throw new ExpressionError(unknown ? 'expression_unknown_name' : 'expression_syntax',
      `The expression "${source}" is not right: ${summaryOf(check.error)}.${unknown ? ` Expressions may name ${ROOTS.join(', ')}.` : ''}`,
      { expression: source, cause: check.error, ...positionOf(check.error) });
  }
  return parsed;
}

function refuseForbidden(node: ASTNode, source: string, insideComprehension: boolean): void {
  const refuse = (what: string): never => {
    throw new ExpressionError('expression_not_allowed', `The expression "${source}" uses ${what}, which is not allowed here.`, { expression: source, position: node.start });
  };
  const called = node.op === 'rcall' || node.op === 'call' ? node.args[0] : null;
  if (called !== null && FORBIDDEN_CALLS.has(called)) refuse(`${called}()`);
  const comprehends = node.op === 'rcall' && COMPREHENSIONS.has(node.args[0]);
  if (comprehends && insideComprehension) refuse(`${called}() inside another comprehension`);
  if (node.op === '.' && FORBIDDEN_FIELDS.has(node.args[1])) refuse(`the field ${node.args[1]}`);
  if (node.op === 'value' && typeof node.args === 'string' && FORBIDDEN_FIELDS.has(node.args)) refuse(`the name ${node.args}`);
  for (const child of childrenOf(node)) refuseForbidden(child, source, insideComprehension || comprehends);
}

function run(parsed: ParseResult, source: string, references: readonly ReferencePath[], context: ExpressionContext): unknown {
  try {
    return parsed(variablesOf(context));
  } catch (cause) {
    if (cause instanceof EvaluationError && cause.code === 'no_such_key') {
      const path = dotted(references.find((reference) => isMissing(reference, context)) ?? references[0] ?? []);
      throw new ExpressionError('expression_field_missing', `The expression "${source}" needs ${path || 'a field'}, which is not there.`, { expression: source, path, cause });
    }
    throw new ExpressionError('expression_failed', `The expression "${source}" failed: ${summaryOf(cause)}.`, { expression: source, cause, ...positionOf(cause) });
  }
}

function variablesOf({ trigger, steps, run, item }: ExpressionContext): Record<string, unknown> {
  return { trigger, steps, run, ...(item === undefined ? {} : { item: item.value, index: BigInt(item.index) }) };
}

function isMissing(path: ReferencePath, context: ExpressionContext): boolean {
  let value: unknown = variablesOf(context);
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return true;
    value = (value as Record<string, unknown>)[key];
  }
  return value === undefined;
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

/** The library's own words, which name types and positions but never values. */
function summaryOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'summary' in error && typeof error.summary === 'string') return error.summary;
  return error instanceof RangeError ? 'it grew beyond what can be held' : 'it cannot be evaluated';
}

function positionOf(error: unknown): { position?: number } {
  if (typeof error !== 'object' || error === null || !('range' in error)) return {};
  const range = error.range as { start?: unknown } | undefined;
  return typeof range?.start === 'number' ? { position: range.start } : {};
}
