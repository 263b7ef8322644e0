import { stat } from 'node:fs/promises';
import { CompileError } from './errors.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { boundedOpa } from './opa-process.ts';

/** What a binary says of itself. */
export interface KnownOpa {
  readonly version: string;
  /** As `opa capabilities --current` prints them. */
  readonly capabilities: Capabilities;
}

export interface Capabilities {
  readonly builtins: ReadonlyArray<{ readonly name: string; readonly nondeterministic?: boolean }>;
  readonly [key: string]: unknown;
}

/** By path and time of change, so that an exchanged binary is asked again. A process uses one or two. */
const known = new Map<string, Promise<KnownOpa>>();

/** Asked in `folder`, once, whoever else waits for the answer. @throws CompileError `opa_unavailable` */
export async function knownOpa(path: string, folder: string): Promise<KnownOpa> {
  const { mtimeMs } = await stat(path).catch((cause: unknown) => {
    throw new CompileError('opa_unavailable', `There is no opa at ${path}. \`npm run setup:opa\` installs it.`, { cause });
  });
  const key = `${path} ${mtimeMs}`;
  const answer = known.get(key) ?? ask(path, folder);
  known.set(key, answer);
  return answer.catch((error: unknown) => {
    known.delete(key);
    throw error;
  });
}

async function ask(path: string, folder: string): Promise<KnownOpa> {
  const opa = boundedOpa(path, folder, DEFAULT_LIMITS);
  const version = await opa.run(['version']);
  const capabilities = await opa.run(['capabilities', '--current']);
  const number = /^Version: (\S+)$/m.exec(version.stdout)?.[1];
  if (number === undefined || capabilities.exitCode !== 0) throw new CompileError('opa_unavailable', `${path} does not answer as opa does: ${(version.stderr || capabilities.stderr).slice(0, 300)}`);
  return { version: number, capabilities: JSON.parse(capabilities.stdout) as Capabilities };
}
