import { parse } from 'yaml';
import { literalText, walk, type AstNode, type ParsedModule } from '../modules.ts';
import { isGenerated, isTest, lineAt, type RepoFile, type Violation } from '../tree.ts';

/** What works for every connector knows none of them. The rules of the repository must be able to name what they forbid. */
const CORE = /^(platform\/(?!tidy\/)|connectors\/(gateway|sdk)\/|execution-plane\/|control-plane\/|contracts\/)/;
const MANIFEST = /^connectors\/[a-z][a-z0-9-]*\/manifest\.yaml$/;

interface Manifest {
  readonly name: string;
  readonly actions?: Readonly<Record<string, unknown>>;
  readonly triggers?: Readonly<Record<string, unknown>>;
}

/**
 * The core names no connector that runs are about (its manifest has triggers), none of its actions or events, and no action of any other
 * connector. Comments may: where a format or a rule comes from is worth saying. So may tests, and seeds, which are not in the core.
 */
export function connectorNames(files: readonly RepoFile[], modules: readonly ParsedModule[]): Violation[] {
  const forbidden = forbiddenWords(files.filter(({ path }) => MANIFEST.test(path)).map(({ text }) => parse(text) as Manifest));
  const inCode = modules.filter(({ path }) => isCore(path)).flatMap((module) => namedInCode(module, forbidden));
  const inText = files.filter(({ path }) => isCore(path) && /\.(sql|yaml|json)$/.test(path)).flatMap((file) => namedInText(file, forbidden));
  return [...inCode, ...inText];
}

function isCore(path: string): boolean {
  return CORE.test(path) && !isTest(path) && !isGenerated(path);
}

/** In lower case. `incident.update` is forbidden, `update` is not: it is everybody's word. */
function forbiddenWords(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap(({ name, actions = {}, triggers = {} }) => {
    const isRunAbout = Object.keys(triggers).length > 0;
    const names = [...Object.keys(actions), ...Object.keys(triggers)];
    return isRunAbout ? [name, ...names.filter((each) => each.includes('.'))] : names.map((each) => `${name}/${each}`);
  });
}

function namedInCode(module: ParsedModule, forbidden: readonly string[]): Violation[] {
  const found: Violation[] = [];
  walk(module.program, (node) => {
    const word = named(wordsOf(node), forbidden);
    if (word !== undefined) found.push(violation(module.path, lineAt(module.text, node.start), word));
  });
  return found;
}

function wordsOf(node: AstNode): string {
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return String(node['name']);
  if (node.type === 'TemplateElement') return String((node['value'] as { raw?: unknown } | undefined)?.raw ?? '');
  return literalText(node) ?? '';
}

function namedInText({ path, text }: RepoFile, forbidden: readonly string[]): Violation[] {
  return text.split('\n').flatMap((line, at) => {
    const word = named(line.replace(/(--|(^|\s)#).*$/, ''), forbidden);
    return word === undefined ? [] : [violation(path, at + 1, word)];
  });
}

function named(text: string, forbidden: readonly string[]): string | undefined {
  const lower = text.toLowerCase();
  return lower === '' ? undefined : forbidden.find((word) => lower.includes(word));
}

function violation(path: string, line: number, word: string): Violation {
  return { rule: 'connector-names', path, line, message: `"${word}" is a connector's own: let its manifest say what the core needs to know` };
}
