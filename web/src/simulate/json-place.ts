import { jsonLanguage } from '@codemirror/lang-json';
import { Text } from '@codemirror/state';
import type { SyntaxNode } from '@lezer/common';

/**
 * Where in a JSON text the value at an RFC 6901 pointer stands, counted from 1. A pointer beyond what is there (a field that is missing) leads to
 * the deepest value on the way.
 */
export function placeInJson(text: string, pointer: string): { line: number; column: number } {
  const names = pointer.split('/').slice(1).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  let node = jsonLanguage.parser.parse(text).topNode.firstChild;
  for (const name of names) {
    const next = node === null ? null : childOf(node, name, text);
    if (next === null) break;
    node = next;
  }
  const at = node?.from ?? 0;
  const line = Text.of(text.split('\n')).lineAt(at);
  return { line: line.number, column: at - line.from + 1 };
}

function childOf(node: SyntaxNode, name: string, text: string): SyntaxNode | null {
  if (node.name === 'Array') return valuesOf(node)[Number(name)] ?? null;
  const property = node.getChildren('Property').find((one) => nameOf(one, text) === name);
  return property?.lastChild ?? null;
}

function valuesOf(array: SyntaxNode): SyntaxNode[] {
  const values: SyntaxNode[] = [];
  for (let child = array.firstChild; child !== null; child = child.nextSibling) if (/^\w/.test(child.name)) values.push(child);
  return values;
}

function nameOf(property: SyntaxNode, text: string): string | null {
  const written = property.getChild('PropertyName');
  try {
    return written === null ? null : String(JSON.parse(text.slice(written.from, written.to)));
  } catch {
    return null;
  }
}
