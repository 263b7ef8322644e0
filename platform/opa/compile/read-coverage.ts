import type { CompileLayer, CompileLimits } from './compile-options.ts';
import { isAuthored, isTestFile } from './layers.ts';
import type { Opa } from './opa-process.ts';
import type { Coverage, FileCoverage, LineRange } from './report.ts';

interface OpaRange {
  readonly start: { readonly row: number };
  readonly end: { readonly row: number };
}

interface OpaCoverage {
  readonly files?: Readonly<Record<string, { readonly covered?: readonly OpaRange[]; readonly not_covered?: readonly OpaRange[] }>>;
}

/** Runs the tests once more, counting lines. null where that did not come to its end: the tests themselves have passed. */
export async function readCoverage(opa: Opa, capabilities: string, layers: readonly CompileLayer[], limits: CompileLimits): Promise<Coverage | null> {
  const output = await opa.run(['test', '--coverage', '--coverage-runs', '', '--format', 'json', '--capabilities', capabilities, '--timeout', `${limits.test_ms}ms`, '.']);
  if (output.stopped !== null || output.exitCode !== 0) return null;
  const { files = {} } = JSON.parse(output.stdout) as OpaCoverage;
  const measured = layers.filter(({ name, files: own }) => isAuthored(name) || [...own.keys()].some(isTestFile)).flatMap(({ files: own }) => [...own.keys()].filter((file) => !isTestFile(file)));
  const coverage = Object.fromEntries(measured.map((file): [string, FileCoverage] => [file, fileCoverage(files[file])]));
  return { percent: percentOf(Object.values(coverage)), files: coverage };
}

/** A line that is covered in one expression and not in another counts as not covered. */
function fileCoverage(file: { readonly covered?: readonly OpaRange[]; readonly not_covered?: readonly OpaRange[] } | undefined): FileCoverage {
  const missed = linesOf(file?.not_covered);
  return { covered: ranges(new Set([...linesOf(file?.covered)].filter((line) => !missed.has(line)))), not_covered: ranges(missed) };
}

function linesOf(found: readonly OpaRange[] = []): Set<number> {
  return new Set(found.flatMap(({ start, end }) => Array.from({ length: end.row - start.row + 1 }, (_, index) => start.row + index)));
}

function ranges(lines: ReadonlySet<number>): LineRange[] {
  const found: Array<[number, number]> = [];
  for (const line of [...lines].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  return found;
}

function percentOf(files: readonly FileCoverage[]): number {
  const count = (found: readonly LineRange[]): number => found.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  const covered = files.reduce((sum, file) => sum + count(file.covered), 0);
  const all = covered + files.reduce((sum, file) => sum + count(file.not_covered), 0);
  return all === 0 ? 100 : Math.round((covered / all) * 1000) / 10;
}
