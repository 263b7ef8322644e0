import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CompileLimits } from './compile-options.ts';
import type { Opa } from './opa-process.ts';
import { stopProblem } from './opa-stage.ts';
import { warningAt } from './problems.ts';
import type { FoundProblem } from './problems.ts';

export interface Formatting {
  readonly problems: readonly FoundProblem[];
  readonly formatted: Readonly<Record<string, string>>;
}

/** `opa fmt` in a folder of its own, which holds a copy of every file. Warns of each that it writes otherwise, at the first line that differs. */
export async function formatSources(opa: Opa, files: ReadonlyMap<string, string>, limits: CompileLimits): Promise<Formatting> {
  const output = await opa.run(['fmt', '--write', '.']);
  if (output.stopped !== null) return { problems: [stopProblem('Formatting', output, limits)], formatted: {} };
  const formatted: Record<string, string> = {};
  const problems: FoundProblem[] = [];
  for (const [file, text] of files) {
    const written = await readFile(path.join(opa.folder, file), 'utf8');
    if (written === text) continue;
    formatted[file] = written;
    problems.push(warningAt({ file, line: firstDifference(text, written), column: 1 }, 'not_formatted', 'The file is not formatted as `opa fmt` does.', 'Run `opa fmt --write`, or take the formatted text from the report.'));
  }
  return { problems, formatted };
}

function firstDifference(text: string, written: string): number {
  const lines = text.split('\n');
  const others = written.split('\n');
  const at = lines.findIndex((line, index) => line !== others[index]);
  return at < 0 ? lines.length : at + 1;
}
