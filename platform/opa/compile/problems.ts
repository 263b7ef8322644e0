import type { CompileProblem, SourcePlace } from './report.ts';

/** A problem before it is known what the line says. */
export type FoundProblem = Omit<CompileProblem, 'text'>;

const MAX_TEXT_LENGTH = 500;
const MAX_PROBLEMS = 200;

/** Of the whole, and not of a place in it. */
export const NOWHERE: SourcePlace = { file: '', line: 0, column: 0 };

export function errorAt(place: SourcePlace, code: string, message: string, fix?: string): FoundProblem {
  return { code, severity: 'error', file: place.file, line: place.line, column: place.column, message, ...(fix === undefined ? {} : { fix }) };
}

export function warningAt(place: SourcePlace, code: string, message: string, fix?: string): FoundProblem {
  return { ...errorAt(place, code, message, fix), severity: 'warning' };
}

export function placeOf({ file, row, col }: { readonly file: string; readonly row: number; readonly col: number }): SourcePlace {
  return { file, line: row, column: col };
}

export function hasErrors(problems: readonly FoundProblem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

/** With the text of each line, by file and line, each once. What one place has two messages of the same kind about is said once. */
export function withLines(problems: readonly FoundProblem[], files: ReadonlyMap<string, string>): CompileProblem[] {
  const lines = new Map<string, string[]>();
  const lineOf = ({ file, line }: SourcePlace): string => {
    if (!lines.has(file)) lines.set(file, (files.get(file) ?? '').split('\n'));
    return (lines.get(file)?.[line - 1] ?? '').replace(/\r$/, '').slice(0, MAX_TEXT_LENGTH);
  };
  const said = new Set<string>();
  const once = problems.filter((problem) => {
    const key = `${problem.file}:${problem.line}:${problem.column} ${problem.code}`;
    return said.has(key) ? false : said.add(key);
  });
  return once.sort(byPlace).slice(0, MAX_PROBLEMS).map(({ code, severity, file, line, column, message, fix }) => ({
    code, severity, file, line, column, text: lineOf({ file, line, column }), message, ...(fix === undefined ? {} : { fix }),
  }));
}

function byPlace(a: FoundProblem, b: FoundProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column || (a.severity === b.severity ? 0 : a.severity === 'error' ? -1 : 1);
}
