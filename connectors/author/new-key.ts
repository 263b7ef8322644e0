import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { newPublisherKey, publisherKid } from '@countersign/contracts/connectors/package/signature.ts';
import { AuthorError } from './errors.ts';

/** `connector key`: a publisher's key. The private half stays in its file (mode 0600); the public half is for `connector trust`. */
export function newKey(file: string | undefined): boolean {
  const target = path.resolve(file ?? 'publisher.key');
  const key = newPublisherKey();
  const { kty, crv, x } = key;
  try {
    writeFileSync(target, `${JSON.stringify(key)}\n`, { mode: 0o600, flag: 'wx' });
    writeFileSync(`${target}.pub`, `${JSON.stringify({ kty, crv, x })}\n`);
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new AuthorError(exists ? `${target} exists; a key is never overwritten. Choose another file.` : `${target} cannot be written: ${(cause as Error).message}`, { cause });
  }
  process.stdout.write(`${target} is the key; keep it to yourself. ${target}.pub is its public half.\nkid ${publisherKid(key)}\n\nNext   countersign connector trust ${file ?? 'publisher.key'}.pub --name NAME   (an admin of the tenant)\n`);
  return true;
}
