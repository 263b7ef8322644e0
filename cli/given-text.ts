import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CliError } from './errors.ts';

/**
 * What a person gives by the name of a file, or as `-` on stdin. Secrets are only taken like this: what stands on a command line is in the shell's
 * history, and in the list of processes for everybody on the machine.
 * @throws CliError `input_invalid`, with the option that named it
 */
export async function givenText(place: string, option: string): Promise<string> {
  if (place === '-') return text(process.stdin);
  return readFile(place, 'utf8').catch((cause: Error) => {
    throw new CliError('input_invalid', `${option} ${place} cannot be read: ${cause.message}. Name a file, or - to read stdin.`, { cause });
  });
}

/** Like `givenText`, and JSON that is an object. @throws CliError `input_invalid` */
export async function givenObject(place: string, option: string, holds: string): Promise<Record<string, unknown>> {
  const given = await givenText(place, option);
  const wrong = `${option} ${place} does not hold a JSON object. Write ${holds}.`;
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch (cause) {
    throw new CliError('input_invalid', wrong, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CliError('input_invalid', wrong);
  return value as Record<string, unknown>;
}
