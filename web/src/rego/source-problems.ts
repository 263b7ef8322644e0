import type { Diagnostic } from '@codemirror/lint';
import type { Text } from '@codemirror/state';

/** Something that the compiler (or a test) says about one place of one file. Lines and columns count from 1, as compilers count. */
export interface SourceProblem {
  code: string;
  severity: 'error' | 'warning';
  file: string;
  line: number;
  column: number;
  message: string;
  fix?: string | undefined;
  /** The line itself, as it was checked. */
  text?: string | undefined;
}

const WORD = /^[\w.]+/;

/** Problems of one file as marks in its text. One beyond the text (it was edited since) marks the last line. */
export function diagnosticsOf(problems: readonly SourceProblem[], text: Text): Diagnostic[] {
  return problems.map((problem) => {
    const { from, to } = rangeOf(problem, text);
    const { severity, code, message, fix } = problem;
    return { from, to, severity, source: code, message: fix === undefined ? message : `${message}\n${fix}` };
  }).sort((one, other) => one.from - other.from);
}

/** From the column to the end of the word that begins there; the whole line (without its indentation) where none does. */
export function rangeOf({ line, column }: Pick<SourceProblem, 'line' | 'column'>, text: Text): { from: number; to: number } {
  const found = text.line(Math.min(Math.max(1, line), text.lines));
  const rest = found.text.slice(column - 1);
  const word = column >= 1 ? WORD.exec(rest)?.[0] : undefined;
  if (word !== undefined) return { from: found.from + column - 1, to: found.from + column - 1 + word.length };
  const indent = /^\s*/.exec(found.text)?.[0].length ?? 0;
  return { from: found.from + indent, to: found.to };
}

/** Errors before warnings, then by place: the order of the list beside the editor. */
export function byWeight(one: SourceProblem, other: SourceProblem): number {
  const weight = ({ severity }: SourceProblem): number => (severity === 'error' ? 0 : 1);
  return weight(one) - weight(other) || one.file.localeCompare(other.file) || one.line - other.line || one.column - other.column;
}
