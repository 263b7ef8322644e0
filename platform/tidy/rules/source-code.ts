import { identifierName, isNode, literalText, walk, type AstNode, type ParsedModule } from '../modules.ts';
import { isGenerated, isTest, lineAt, type Violation } from '../tree.ts';

const CONFIG_FILE = /(^|\/)([^/]+\.)?config\.ts$/;
const EDGES = /^(policies|iac|bench)\//;
const TEST_FUNCTIONS = ['it', 'test', 'describe', 'suite', 'bench'];
const TEST_MODIFIERS = ['skip', 'only', 'todo', 'skipIf', 'runIf', 'fails'];
const DISABLED_TEST_FUNCTIONS = ['xit', 'xtest', 'xdescribe', 'fit', 'fdescribe'];

/** The environment is read in one file per binary, where its names, defaults and checks can be read together. */
export function environmentReads(modules: readonly ParsedModule[]): Violation[] {
  return modules
    .filter(({ path }) => !CONFIG_FILE.test(path))
    .flatMap((module) => matching(module, 'environment-reads', 'the environment is read only in files named config.ts', (node) => isMember(node, 'process', 'env') || destructuresEnv(node)));
}

/** A module that only hands on others' exports hides where things live and knots imports. */
export function barrels(modules: readonly ParsedModule[]): Violation[] {
  return modules
    .filter(({ onlyReExports }) => onlyReExports)
    .map(({ path }) => ({ rule: 'barrels', path, message: 'only re-exports others: import from where things are' }));
}

/** A test that does not run proves nothing; one that keeps the others from running is worse. */
export function disabledTests(modules: readonly ParsedModule[]): Violation[] {
  return modules
    .filter(({ path }) => isTest(path))
    .flatMap((module) => matching(module, 'disabled-tests', 'a skipped, focused or unwritten test', isDisabledTest));
}

/** An error without a code cannot be told from others by who catches it. At the edges (scripts, tests) nobody catches. */
export function bareErrors(modules: readonly ParsedModule[]): Violation[] {
  return modules
    .filter(({ path }) => !isTest(path) && !isGenerated(path) && !EDGES.test(path))
    .flatMap((module) => matching(module, 'bare-errors', 'throws a bare Error: use a coded error of the package', throwsBareError));
}

function matching(module: ParsedModule, rule: string, message: string, predicate: (node: AstNode) => boolean): Violation[] {
  const found: Violation[] = [];
  walk(module.program, (node) => {
    if (predicate(node)) found.push({ rule, path: module.path, line: lineAt(module.text, node.start), message });
  });
  return found;
}

function isMember(node: AstNode, object: string, property: string): boolean {
  if (node.type !== 'MemberExpression' || identifierName(node['object']) !== object) return false;
  return (identifierName(node['property']) ?? literalText(node['property'])) === property;
}

function destructuresEnv(node: AstNode): boolean {
  const isProcess = node.type === 'VariableDeclarator' && identifierName(node['init']) === 'process';
  const isImport = node.type === 'ImportDeclaration' && ['node:process', 'process'].includes(literalText(node['source']) ?? '');
  const names = isProcess && isNode(node['id']) ? node['id']['properties'] : isImport ? node['specifiers'] : [];
  return Array.isArray(names) && names.some((name) => isNode(name) && [name['key'], name['imported']].some((key) => identifierName(key) === 'env'));
}

function isDisabledTest(node: AstNode): boolean {
  if (node.type === 'CallExpression' && DISABLED_TEST_FUNCTIONS.includes(identifierName(node['callee']) ?? '')) return true;
  if (node.type !== 'MemberExpression' || !TEST_MODIFIERS.includes(identifierName(node['property']) ?? '')) return false;
  return TEST_FUNCTIONS.includes(rootName(node) ?? '');
}

/** `describe.concurrent.each` -> `describe`. */
function rootName(node: AstNode): string | undefined {
  let current: unknown = node;
  while (isNode(current) && (current.type === 'MemberExpression' || current.type === 'CallExpression')) {
    current = current.type === 'MemberExpression' ? current['object'] : current['callee'];
  }
  return identifierName(current);
}

function throwsBareError(node: AstNode): boolean {
  if (node.type !== 'ThrowStatement') return false;
  const thrown = node['argument'];
  return isNode(thrown) && (thrown.type === 'NewExpression' || thrown.type === 'CallExpression') && identifierName(thrown['callee']) === 'Error';
}
