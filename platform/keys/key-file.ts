import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createOnce } from './create-once.ts';
import { KeysError } from './keys.ts';

/** The 32 random bytes of a key file. @throws KeysError `key_file_missing`, `key_file_exposed`, `key_file_invalid` */
export async function readKeyFile(file: string): Promise<Buffer> {
  const mode = await stat(file).then((s) => s.mode & 0o077, () => undefined);
  if (mode === undefined) throw new KeysError('key_file_missing', `The key file ${file} is missing. Restore it from your backup: without it, stored content cannot be read.`);
  if (mode !== 0) throw new KeysError('key_file_exposed', `The key file ${file} can be read by others. Run: chmod 600 ${file}`);
  const root = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64');
  if (root.length !== 32) throw new KeysError('key_file_invalid', `The key file ${file} does not hold 32 bytes in base64.`);
  return root;
}

/** Makes the file (mode 0600), or does nothing where it is. */
export async function createKeyFile(file: string): Promise<void> {
  await createOnce(file, `${randomBytes(32).toString('base64')}\n`, 0o600);
}
