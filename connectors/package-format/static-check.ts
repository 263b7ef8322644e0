import { posix } from 'node:path';
import type { PackageContent } from '@countersign/contracts/connectors/package/package.ts';
import { ENTRY_FILE, MANIFEST_FILE } from '@countersign/contracts/connectors/package/package.ts';
import { isNode, literalText, parseModule, walk } from '@countersign/platform/tidy/modules.ts';
import type { AstNode } from '@countersign/platform/tidy/modules.ts';
import { NODE_MODULES, SDK_MODULES } from './allowed-imports.ts';

/**
 * What can be seen of a package's code without running it. It keeps honest authors from reaching around the gateway; it is no sandbox:
 * JavaScript has more ways to hide a name than any reader can list. Whoever trusts a publisher's key trusts its code.
 */
export function staticProblems(content: PackageContent): string[] {
  const missing = [MANIFEST_FILE, ENTRY_FILE].filter((path) => !content.has(path)).map((path) => `${path} is missing; see docs/how-to/write-a-connector.md for the shape of a package`);
  const code = [...content].filter(([path]) => path.endsWith('.ts'));
  return [...missing, ...code.flatMap(([path, bytes]) => problemsOfFile(path, Buffer.from(bytes).toString('utf8'), content))];
}

const FORBIDDEN: Readonly<Record<string, string>> = {
  fetch: 'use `context.egress`, which is bound to the instance\'s hosts',
  WebSocket: 'use `context.egress`', EventSource: 'use `context.egress`', XMLHttpRequest: 'use `context.egress`',
  process: 'settings come from the instance (`context.instance.settings`), secrets from the gateway',
  eval: 'write the code out', Function: 'write the code out', WebAssembly: 'write the code out', require: 'use `import`',
  globalThis: 'name what you need', global: 'name what you need', Worker: 'an action runs in one thread', SharedArrayBuffer: 'an action runs in one thread',
  setInterval: 'an action ends with its call',
};
/** Ways from a value to the functions that make code, and to the prototypes that everybody shares. */
const FORBIDDEN_MEMBERS = ['constructor', '__proto__', 'prototype', '__defineGetter__', '__lookupGetter__'];

function problemsOfFile(path: string, text: string, content: PackageContent): string[] {
  const module = parseModule({ path, text });
  const problems = new Set<string>();
  const at = (offset: number): number => text.slice(0, offset).split('\n').length;
  for (const found of module.imports) {
    const why = importProblem(path, found.specifier, content);
    if (why !== null && !(found.typeOnly && found.specifier.startsWith('@countersign/connectors/'))) problems.add(`${path}:${found.line} imports ${JSON.stringify(found.specifier)}: ${why}`);
  }
  walkWithParent(module.program, null, (node, parent, key) => {
    if (node.type === 'ImportExpression') problems.add(`${path}:${at(node.start)} imports while it runs: name the file in an \`import\` at the top`);
    const name = node.type === 'Identifier' && isReference(parent, key) ? String(node['name']) : '';
    if (Object.hasOwn(FORBIDDEN, name)) problems.add(`${path}:${at(node.start)} uses \`${name}\`: ${FORBIDDEN[name]!}`);
    const member = node.type === 'MemberExpression' ? memberName(node) : undefined;
    if (member !== undefined && FORBIDDEN_MEMBERS.includes(member)) problems.add(`${path}:${at(node.start)} reaches for \`.${member}\`: that is a way to code that nobody has read`);
    if (node.type === 'MetaProperty' && !isUrlOfMeta(parent)) problems.add(`${path}:${at(node.start)} uses \`import.meta\`: only \`import.meta.url\` is there`);
  });
  return [...problems];
}

function importProblem(from: string, specifier: string, content: PackageContent): string | null {
  if (specifier.startsWith('.')) {
    const target = posix.normalize(posix.join(posix.dirname(from), specifier));
    if (target.startsWith('..')) return 'it leads out of the package; copy what you need into it';
    return content.has(target) ? null : `${target} is no file of the package (a package is TypeScript, imported with its \`.ts\`; tests, sandbox/ and testing/ are not packed)`;
  }
  if (Object.hasOwn(SDK_MODULES, specifier) || NODE_MODULES.includes(specifier)) return null;
  if (specifier.startsWith('@countersign/')) return `a package may import ${Object.keys(SDK_MODULES).join(', ')}`;
  if (/^(?:node:)?(?:http|https|http2|net|tls|dgram|dns)(?:\/|$)/.test(specifier)) return 'packages open no connections; use `context.egress`';
  return `a package brings its own code; of Node it may import ${NODE_MODULES.join(', ')}`;
}

/** Whether an identifier stands for a value, rather than for the name of a member, a key or a type. */
function isReference(parent: AstNode | null, key: string): boolean {
  if (parent === null || parent.type.startsWith('TS')) return false;
  if (parent.type === 'MemberExpression') return key === 'object' || parent['computed'] === true;
  if (key === 'key') return parent['computed'] === true || parent['shorthand'] === true;
  return !['ImportSpecifier', 'ExportSpecifier', 'MethodDefinition', 'LabeledStatement'].includes(parent.type);
}

function memberName(node: AstNode): string | undefined {
  const property = node['property'];
  if (node['computed'] === true) return literalText(property);
  return isNode(property) && property.type === 'Identifier' ? String(property['name']) : undefined;
}

function isUrlOfMeta(parent: AstNode | null): boolean {
  return parent !== null && parent.type === 'MemberExpression' && memberName(parent) === 'url';
}

function walkWithParent(root: AstNode, above: AstNode | null, visit: (node: AstNode, parent: AstNode | null, key: string) => void): void {
  visit(root, above, '');
  walk(root, (parent) => {
    for (const [key, value] of Object.entries(parent)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, parent, key);
    }
  });
}
