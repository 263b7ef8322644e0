import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';
import { isCode, lineAt, type RepoFile } from './tree.ts';

/** One import of a module, be it static, dynamic, a re-export or only of types. */
export interface ImportOf {
  specifier: string;
  line: number;
  /** Erased at run time: such an import cannot make a cycle that matters. */
  typeOnly: boolean;
}

export interface ParsedModule extends RepoFile {
  imports: ImportOf[];
  program: AstNode;
  /** True when the module does nothing but hand on what others export. */
  onlyReExports: boolean;
}

/** A node of the ESTree that oxc gives; narrowed where it is looked at. */
export interface AstNode {
  type: string;
  start: number;
  [key: string]: unknown;
}

export function parseModules(files: readonly RepoFile[]): ParsedModule[] {
  return files.filter((file) => isCode(file.path)).map(parseModule);
}

export function parseModule(file: RepoFile): ParsedModule {
  const { module, program } = parseSync(file.path, file.text);
  const at = (offset: number): number => lineAt(file.text, offset);
  const found: ImportOf[] = module.staticImports.map((statement) => ({
    specifier: statement.moduleRequest.value,
    line: at(statement.start),
    typeOnly: statement.entries.length > 0 && statement.entries.every((entry) => entry.isType),
  }));
  for (const statement of module.staticExports) {
    for (const entry of statement.entries) {
      if (entry.moduleRequest) found.push({ specifier: entry.moduleRequest.value, line: at(entry.start), typeOnly: entry.isType });
    }
  }
  const root = program as unknown as AstNode;
  walk(root, (node) => {
    const target = node.type === 'ImportExpression' || node.type === 'TSImportType' ? literalText(node['source'] ?? node['argument']) : undefined;
    if (target !== undefined) found.push({ specifier: target, line: at(node.start), typeOnly: node.type === 'TSImportType' });
  });
  return { ...file, imports: found, program: root, onlyReExports: onlyReExports(root) };
}

/** The path of ours that an import leads to, or undefined for everything else. */
export function resolveOurs(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const ours = /^@countersign\/([^/]+)\/(.+)$/.exec(specifier);
  if (ours?.[1] === undefined || ours[2] === undefined) return undefined;
  return `${ours[1] === 'local' ? 'iac/local' : ours[1]}/${ours[2]}`;
}

/** Calls `visit` with every node below (and including) `node`, parents first. */
export function walk(node: AstNode, visit: (node: AstNode) => void): void {
  visit(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit);
    }
  }
}

export function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value;
}

/** The name of an identifier node. */
export function identifierName(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' && typeof value['name'] === 'string' ? value['name'] : undefined;
}

/** The text of a string literal node. */
export function literalText(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'TSLiteralType') return literalText(value['literal']);
  return value.type === 'Literal' && typeof value['value'] === 'string' ? value['value'] : undefined;
}

function onlyReExports(program: AstNode): boolean {
  const body = program['body'];
  if (!Array.isArray(body) || body.length === 0) return false;
  return body.every((node) => isNode(node) && (node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && isNode(node['source']))));
}
