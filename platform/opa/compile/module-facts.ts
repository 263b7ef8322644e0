import type { SyntaxTree, Term, Location } from './syntax-tree.ts';
import { isTerm, isTermOf, literalMembers, nodesOf, pathOf, stringOf } from './syntax-tree.ts';

/** An object in the text that has both an outcome and a rule: a verdict, or what becomes one. */
export interface WrittenVerdict {
  readonly place: Location;
  readonly members: ReadonlyMap<string, Term>;
}

/** A comparison of a field of the input with literal strings: `==`, `!=` or `in`. */
export interface LiteralComparison {
  /** Without `input`. */
  readonly field: readonly string[];
  readonly literals: ReadonlyArray<{ readonly value: string; readonly place: Location }>;
}

/** A reference below `data`, with what imports stand for put in. */
export interface DataReference {
  /** Without `data`; up to the first part that is computed. */
  readonly path: readonly string[];
  readonly place: Location;
}

/** A reference that begins with `input` itself. */
export interface InputReference {
  readonly path: readonly string[];
  /** Of each part. */
  readonly places: ReadonlyArray<Location | undefined>;
}

/** What one source says, as far as it is judged here. Small, where its tree is fifty times the size of its text. */
export interface ModuleFacts {
  readonly file: string;
  /** `countersign.tenant.lists`. */
  readonly package: string;
  readonly packagePlace: Location;
  /** Of rules and functions. */
  readonly ruleNames: ReadonlySet<string>;
  /** What imports are called by, such as `approvals` of `import data.countersign.approvals`. */
  readonly imported: ReadonlySet<string>;
  readonly annotatesSchemas: boolean;
  /** Rules written `verdicts[x] if ...`: an object and not a set. */
  readonly verdictObjects: readonly Location[];
  readonly verdicts: readonly WrittenVerdict[];
  /** Strings that may be a rule's name: they have a slash. */
  readonly slashed: ReadonlyArray<{ readonly value: string; readonly line: number }>;
  /** First parts of references into the input; `*` where the input as a whole, or a part that is computed, is read. */
  readonly inputs: ReadonlySet<string>;
  readonly comparisons: readonly LiteralComparison[];
  readonly dataReferences: readonly DataReference[];
  readonly inputReferences: readonly InputReference[];
}

const WHOLE_INPUT = '*';

export function factsOf(file: string, tree: SyntaxTree): ModuleFacts {
  const verdicts: WrittenVerdict[] = [];
  const slashed: Array<{ value: string; line: number }> = [];
  const inputs = new Set<string>();
  const comparisons: LiteralComparison[] = [];
  const dataReferences: DataReference[] = [];
  const inputReferences: InputReference[] = [];
  const imports = new Map((tree.imports ?? []).map((imported) => [importedAs(imported), pathOf(imported.path).path]));
  for (const node of nodesOf([tree.imports, tree.rules])) {
    comparisons.push(...comparisonsIn(node));
    if (!isTerm(node)) continue;
    if (node.type === 'object') verdicts.push(...verdictIn(node));
    if (node.type === 'ref') {
      const path = resolved(node, imports);
      inputReferences.push(...inputReference(node));
      if (path[0] === 'input') inputs.add(path[1] ?? WHOLE_INPUT);
      if (path[0] === 'data' && node.location !== undefined) dataReferences.push({ path: path.slice(1), place: node.location });
    }
    if (node.type === 'string' && /^[a-z0-9_]+\//.test(String(node.value))) slashed.push({ value: String(node.value), line: node.location?.row ?? 0 });
  }
  return {
    file,
    package: tree.package.path.slice(1).map((part) => String(part.value)).join('.'),
    packagePlace: tree.package.path[0]?.location ?? tree.package.location,
    ruleNames: new Set((tree.rules ?? []).map(({ head }) => String(head.ref[0]?.value ?? head.name))),
    imported: new Set(imports.keys()),
    annotatesSchemas: (tree.annotations ?? []).some(({ schemas }) => schemas !== undefined),
    verdictObjects: (tree.rules ?? []).flatMap(({ head: { ref }, location }) => (ref[0]?.value === 'verdicts' && ref.length > 1 && location !== undefined ? [location] : [])),
    verdicts, slashed, inputs, comparisons, dataReferences, inputReferences,
  };
}

function importedAs({ alias, path }: { readonly alias?: string; readonly path: Term }): string {
  return alias ?? String((path.value as readonly Term[]).at(-1)?.value);
}

function verdictIn(object: Term): WrittenVerdict[] {
  const members = literalMembers(object);
  return members.has('outcome') && members.has('rule') && object.location !== undefined ? [{ place: object.location, members }] : [];
}

/** The path of a reference that may begin with the name of an import. */
function resolved(ref: Term, imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const { path } = pathOf(ref);
  const [first = '', ...rest] = path;
  const imported = imports.get(first);
  return imported === undefined ? path : [...imported, ...rest];
}

function inputReference(ref: Term): InputReference[] {
  const { path } = pathOf(ref);
  if (path[0] !== 'input') return [];
  return [{ path: path.slice(1), places: (ref.value as readonly Term[]).slice(1, path.length).map(({ location }) => location) }];
}

/** Whether rules with these facts read the fact `name` of the input. */
export function readsInput({ inputs }: Pick<ModuleFacts, 'inputs'>, name: string): boolean {
  return inputs.has(name) || inputs.has(WHOLE_INPUT);
}

/** The operator is the first term of an expression, and of a call within one. */
function comparisonsIn(node: Readonly<Record<string, unknown>>): LiteralComparison[] {
  const terms = Array.isArray(node['terms']) ? node['terms'] as unknown[] : isTermOf('call', node) ? node.value as unknown[] : [];
  const [operator, left, right] = terms;
  if (!isTermOf('ref', operator)) return [];
  const name = pathOf(operator).path.join('.');
  if (name === 'equal' || name === 'neq' || name === 'eq') return [...comparison(left, [right]), ...comparison(right, [left])];
  if (name === 'internal.member_2' && (isTermOf('set', right) || isTermOf('array', right))) return comparison(left, right.value as unknown[]);
  return [];
}

function comparison(field: unknown, with_: readonly unknown[]): LiteralComparison[] {
  if (!isTermOf('ref', field)) return [];
  const { path, whole } = pathOf(field);
  const literals = with_.flatMap((term) => {
    const value = stringOf(term);
    return value === null || !isTerm(term) || term.location === undefined ? [] : [{ value, place: term.location }];
  });
  return whole && path[0] === 'input' && literals.length > 0 ? [{ field: path.slice(1), literals }] : [];
}
