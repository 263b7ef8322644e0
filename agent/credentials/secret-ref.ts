import { open } from 'node:fs/promises';
import type { SecretRef } from '../config/agent-config.ts';
import { outputOf } from './command.ts';
import { SecretError } from './errors.ts';

const COMMAND_TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The value that a reference stands for, read anew each time.
 * @throws SecretError
 */
export async function resolveSecret(ref: SecretRef, env: Environment): Promise<string> {
  const value = 'file' in ref ? await contentOf(ref.file) : 'env' in ref ? fromEnvironment(ref.env, env) : await outputOf(ref.command, ref.timeout_ms ?? COMMAND_TIMEOUT_MS, env);
  if (value === '') throw new SecretError('secret_unusable', `${placeOf(ref)} holds an empty value.`);
  return value;
}

/** Where it is, for people. */
export function placeOf(ref: SecretRef): string {
  if ('file' in ref) return `The file ${ref.file}`;
  return 'env' in ref ? `The variable ${ref.env}` : `The program ${ref.command[0]!}`;
}

function fromEnvironment(name: string, env: Environment): string {
  const value = env[name];
  if (value === undefined) throw new SecretError('secret_missing', `The variable ${name} is not set.`);
  return value;
}

/** Looked at and read through one handle, so that what is judged is what is read. */
async function contentOf(path: string): Promise<string> {
  const handle = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw new SecretError('secret_missing', `The file ${path} cannot be read (${cause.code ?? 'unknown'}).`, { cause });
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new SecretError('secret_unusable', `${path} is no file.`);
    if ((stat.mode & 0o077) !== 0) throw new SecretError('secret_unusable', `The file ${path} can be read by others. Run: chmod 600 ${path}`);
    if (stat.size > MAX_BYTES) throw new SecretError('secret_unusable', `The file ${path} is larger than ${MAX_BYTES} bytes.`);
    // Files end with a line break that is nobody's secret.
    return (await handle.readFile('utf8')).replace(/\r?\n$/, '');
  } finally {
    await handle.close();
  }
}
