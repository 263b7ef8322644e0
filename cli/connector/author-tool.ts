import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CliError } from '../errors.ts';

/** The author's half of `countersign connector` needs the SDK, which the command line may not import: it is a program of its own (decision record 0014). */
const AUTHOR_TOOL = fileURLToPath(new URL('../../connectors/author/main.ts', import.meta.url));

/** Runs it on this terminal. Its exit code becomes ours. */
export async function runAuthorTool(args: readonly string[]): Promise<void> {
  if (!existsSync(AUTHOR_TOOL)) throw new CliError('input_invalid', 'Making connectors needs a checkout of Countersign: the SDK is not part of the installed command line.');
  process.exitCode = await new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, [AUTHOR_TOOL, ...args], { stdio: 'inherit' });
    child.on('error', (cause) => reject(new CliError('input_invalid', `The author's tool cannot be started: ${cause.message}`, { cause })));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
