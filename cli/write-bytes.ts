import { writeFile } from 'node:fs/promises';
import { CliError } from './errors.ts';

/** @throws CliError `input_invalid` when it cannot be written there */
export async function writeBytes(file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(file, bytes).catch((cause: Error) => {
    throw new CliError('input_invalid', `${file} cannot be written: ${cause.message}`, { cause });
  });
}
