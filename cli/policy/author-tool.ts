import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { AuthorAnswer, AuthorRequest } from '@countersign/contracts/policy/author-request.ts';
import { CliError } from '../errors.ts';

/** The compiler and the shipped policies are no part of the command line, which may import contracts alone: they are a program of their own (decision record 0019). */
const AUTHOR_TOOL = fileURLToPath(new URL('../../policies/author/main.ts', import.meta.url));

export type GoodAnswer = Exclude<AuthorAnswer, { readonly error: unknown }>;

/** Asks it one question. What it says while it works, such as how opa is installed, goes to our stderr. @throws CliError */
export async function askAuthorTool(request: AuthorRequest): Promise<GoodAnswer> {
  if (!existsSync(AUTHOR_TOOL)) throw new CliError('input_invalid', 'Compiling policy here needs a checkout of Countersign: the compiler is not part of the installed command line. `countersign policy publish` compiles in the control plane.');
  const child = spawn(process.execPath, [AUTHOR_TOOL], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => reject(new CliError('tool_failed', `The author's tool cannot be started: ${cause.message}`, { cause })));
    child.on('exit', resolve);
  });
  child.stdin.end(JSON.stringify(request));
  const [answer, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new CliError('tool_failed', 'The author\'s tool broke. What it said stands above.');
  const read = JSON.parse(answer) as AuthorAnswer;
  if (!('error' in read)) return read;
  throw new CliError(read.error.code === 'opa_unavailable' ? 'tool_failed' : 'input_invalid', read.error.message);
}
