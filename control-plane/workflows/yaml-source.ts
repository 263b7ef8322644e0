import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';

const MAX_ALIASES = 50;
const MAX_DEPTH = 64;
const TOO_DEEP = `Nested deeper than ${MAX_DEPTH} levels. Make it flatter.`;
/** Keys that change what JavaScript objects inherit. */
const FORBIDDEN_KEYS = ['__proto__', 'constructor', 'prototype'];

export type Path = ReadonlyArray<string | number>;

/** YAML from outside, read once, with the line and column of everything in it. */
export class YamlSource {
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  constructor(text: string) {
    this.#text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true, strict: true, stringKeys: false, merge: false });
  }

  /** The value as plain JSON, or what keeps it from being read. */
  read(): { readonly value: unknown } | { readonly problems: FieldProblem[] } {
    // What could not be read right may look like anything, so its nodes are judged only once the syntax is.
    const syntax = this.#syntaxProblems();
    const problems = syntax.length > 0 ? syntax : this.#hostileNodes();
    if (problems.length > 0) return { problems };
    try {
      return { value: this.#document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
    } catch {
      return { problems: [{ field: '', code: 'yaml_aliases', message: `Aliases unfold to too much. Use at most ${MAX_ALIASES} of them, none around itself.`, line: 1, column: 1 }] };
    }
  }

  /** A problem with the place of `path` in the source: of its key with `atKey`, of what holds it where it is missing. */
  problem(path: Path, code: string, message: string, at: { readonly key?: boolean; readonly expression?: string; readonly position?: number | null } = {}): FieldProblem {
    return { field: pointerOf(path), code, message, ...this.#place(this.#offset(path, at)) };
  }

  #syntaxProblems(): FieldProblem[] {
    return [...this.#document.errors, ...this.#document.warnings].map((error) => {
      const place = this.#place(error.pos[0]);
      // What is nested so deep that the parser itself gives up has no nodes to measure.
      if (error.message.startsWith('Maximum call stack')) return { field: '', code: 'too_deep', message: TOO_DEEP, ...place };
      return { field: '', code: 'yaml_syntax', message: `${error.message.replace(/\.?$/, '.')}`, ...place };
    });
  }

  #hostileNodes(): FieldProblem[] {
    const found: FieldProblem[] = [];
    const add = (node: Node, code: string, message: string): void => { found.push({ field: '', code, message, ...this.#place(node.range?.[0] ?? 0) }); };
    visit(this.#document, {
      Pair: (_key, pair) => {
        if (!isScalar(pair.key) || typeof pair.key.value !== 'string') {
          if (isNode(pair.key)) add(pair.key, 'key_invalid', 'A key must be plain text.');
        } else if (FORBIDDEN_KEYS.includes(pair.key.value)) add(pair.key, 'key_forbidden', `The key "${pair.key.value}" is not allowed anywhere. Use another name.`);
      },
      Scalar: (_key, node) => {
        const { value } = node;
        if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) add(node, 'text_invalid', 'This text holds a NUL character or half of a surrogate pair. Remove it.');
        const unsafe = typeof value === 'bigint' || (typeof value === 'number' && (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))));
        if (unsafe) add(node, 'number_unsafe', 'This number cannot be kept exactly. Write it as text, in quotes.');
      },
      Node: (_key, node, path) => {
        if (path.filter((one) => isMap(one) || isSeq(one)).length < MAX_DEPTH || isAlias(node) || isScalar(node)) return undefined;
        add(node, 'too_deep', TOO_DEEP);
        return visit.BREAK;
      },
    });
    return found;
  }

  #offset(path: Path, at: { readonly key?: boolean; readonly expression?: string; readonly position?: number | null }): number {
    const node = at.key === true ? this.#keyNode(path) : this.#valueNode(path);
    const range = node?.range;
    if (!range) return path.length === 0 ? 0 : this.#offset(path.slice(0, -1), {});
    // Where the expression stands as it is in the source, its own place is better than that of the text that holds it.
    const inside = at.expression === undefined ? -1 : this.#text.slice(range[0], range[1]).indexOf(at.expression);
    return inside < 0 ? range[0] : range[0] + inside + (at.position ?? 0);
  }

  #valueNode(path: Path): Node | null {
    const node: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    return isNode(node) ? node : null;
  }

  #keyNode(path: Path): Node | null {
    const parent = this.#valueNode(path.slice(0, -1));
    if (isSeq(parent) || !isMap(parent)) return this.#valueNode(path);
    const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1));
    return pair !== undefined && isNode(pair.key) ? pair.key : null;
  }

  #place(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

export function pointerOf(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The path that a JSON pointer into `value` names: numbers where it leads through lists. */
export function pathOf(pointer: string, value: unknown): Path {
  const path: Array<string | number> = [];
  let current = value;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(current) ? Number(key) : key);
    current = typeof current === 'object' && current !== null ? (current as Record<string, unknown>)[key] : undefined;
  }
  return path;
}
