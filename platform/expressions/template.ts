import { ExpressionError } from './errors.ts';
import { parseExpression } from './expression.ts';
import type { Expression, ExpressionContext } from './expression.ts';
import type { Json } from './json-result.ts';
import { MAX_RESULT_SIZE, MAX_TEMPLATE_CHARACTERS } from './limits.ts';
import type { ReferencePath } from './references.ts';

export interface Template {
  readonly text: string;
  /** Literal text and expressions, in order. */
  readonly parts: ReadonlyArray<string | Expression>;
  readonly references: readonly ReferencePath[];
  /** The value: of the expression's own type when the text is exactly one expression, else text. */
  evaluate(context: ExpressionContext): Json;
}

/**
 * Reads a string that may hold `${{ CEL }}` parts.
 *
 * @throws ExpressionError as `parseExpression`; `expression_syntax` for a part that is empty or never closed
 */
export function parseTemplate(text: string): Template {
  if (!text.includes(OPEN)) return { text, parts: [text], references: [], evaluate: () => text };
  if (text.length > MAX_TEMPLATE_CHARACTERS) {
    throw new ExpressionError('expression_too_long', `A string with expressions has ${text.length} characters; at most ${MAX_TEMPLATE_CHARACTERS} are allowed.`, { expression: text.slice(0, 80) });
  }
  const parts = split(text);
  const expressions = parts.filter((part) => typeof part !== 'string');
  const [first] = parts;
  const whole = parts.length === 1 && first !== undefined && typeof first !== 'string' ? first : null;
  return {
    text,
    parts,
    references: distinct(expressions.flatMap((expression) => expression.references)),
    evaluate: (context) => whole === null ? joined(text, parts, context) : whole.evaluate(context),
  };
}

/** Every path that the strings anywhere inside `value` refer to. */
export function referencesOf(value: unknown): ReferencePath[] {
  if (typeof value === 'string') return [...parseTemplate(value).references];
  if (typeof value !== 'object' || value === null) return [];
  return distinct(Object.values(value).flatMap(referencesOf));
}

export function distinct(paths: readonly ReferencePath[]): ReferencePath[] {
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

const OPEN = '${{';
const CLOSE = '}}';

function split(text: string): Array<string | Expression> {
  const parts: Array<string | Expression> = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf(OPEN, at);
    if (open === -1) break;
    if (open > at) parts.push(text.slice(at, open));
    const close = endOfExpression(text, open);
    const source = text.slice(open + OPEN.length, close).trim();
    if (source === '') throw new ExpressionError('expression_syntax', `There is nothing between ${OPEN} and ${CLOSE}.`, { expression: text, position: open });
    parts.push(parseExpression(source));
    at = close + CLOSE.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/** Where the `}}` of the expression whose `${{` is at `open` is: not one inside a string, nor one that closes maps of the expression. */
function endOfExpression(text: string, open: number): number {
  let quote: string | null = null;
  let openBraces = 0;
  for (let i = open + OPEN.length; i < text.length; i++) {
    const character = text[i];
    if (quote !== null) {
      if (character === '\\') i++;
      else if (character === quote) quote = null;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') openBraces++;
    else if (character === '}' && openBraces > 0) openBraces--;
    else if (text.startsWith(CLOSE, i)) return i;
  }
  throw new ExpressionError('expression_syntax', `An expression begins with ${OPEN} and never ends with ${CLOSE}.`, { expression: text.slice(open, open + 80), position: 0 });
}

function joined(text: string, parts: Template['parts'], context: ExpressionContext): string {
  const result = parts.map((part) => typeof part === 'string' ? part : asText(part.evaluate(context))).join('');
  if (result.length > MAX_RESULT_SIZE) throw new ExpressionError('expression_result_too_large', `"${text.slice(0, 80)}" gives more than ${MAX_RESULT_SIZE} characters.`, { expression: text });
  return result;
}

/** Inside other text null is nothing, and lists and objects are their JSON. */
function asText(value: Json): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
