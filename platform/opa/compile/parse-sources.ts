import { hash } from 'node:crypto';
import type { CompileLimits } from './compile-options.ts';
import { factsOf } from './module-facts.ts';
import type { ModuleFacts } from './module-facts.ts';
import type { Opa } from './opa-process.ts';
import { errorsIn, stopProblem } from './opa-stage.ts';
import type { OpaError } from './opa-stage.ts';
import type { FoundProblem } from './problems.ts';
import type { SyntaxTree } from './syntax-tree.ts';

export interface ParsedSource {
  readonly facts: ModuleFacts | null;
  /** What opa says. */
  readonly errors: readonly OpaError[];
  readonly problems: readonly FoundProblem[];
}

/** opa parses one file in a call. What was parsed lately is not parsed again: the base and the packs stand under every policy. */
const parsedLately = new Map<string, ModuleFacts>();
const MAX_KEPT = 128;
const AT_ONCE = 2;

/** Parses every file of the folder, in the order given. */
export async function parseSources(opa: Opa, files: ReadonlyMap<string, string>, limits: CompileLimits): Promise<ParsedSource[]> {
  const left = [...files].map(([file, text], index) => ({ file, text, index }));
  const parsed: ParsedSource[] = [];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) parsed[next.index] = await parseSource(opa, next.file, next.text, limits);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return parsed;
}

async function parseSource(opa: Opa, file: string, text: string, limits: CompileLimits): Promise<ParsedSource> {
  const key = hash('sha256', `${file}\0${text}`, 'hex');
  const kept = parsedLately.get(key);
  if (kept !== undefined) return { facts: kept, errors: [], problems: [] };
  const output = await opa.run(['parse', '--format', 'json', '--json-include', 'locations,-comments', file]);
  if (output.stopped !== null) return { facts: null, errors: [], problems: [stopProblem(`Parsing ${file}`, output, limits, file)] };
  const errors = errorsIn(output);
  if (errors.length > 0) return { facts: null, errors, problems: [] };
  const facts = factsOf(file, JSON.parse(output.stdout) as SyntaxTree);
  keep(key, facts);
  return { facts, errors: [], problems: [] };
}

function keep(key: string, facts: ModuleFacts): void {
  if (parsedLately.size >= MAX_KEPT) parsedLately.delete(parsedLately.keys().next().value ?? '');
  parsedLately.set(key, facts);
}
