import { readFile } from 'node:fs/promises';
import { isPublisherJwk } from '@countersign/contracts/connectors/package/signature.ts';
import type { PublisherJwk } from '@countersign/contracts/connectors/package/signature.ts';
import { CliError } from '../errors.ts';

/** The public half of a publisher's key. The private half is refused here, before anything of it is sent. @throws CliError */
export async function readPublicKey(file: string): Promise<PublisherJwk> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new CliError('input_invalid', `${file} cannot be read: ${cause.message}`, { cause });
  });
  const key = parsed(text);
  if (!isPublisherJwk(key)) throw new CliError('input_invalid', `${file} is no public key of a publisher. \`countersign connector key FILE\` writes one to FILE.pub.`);
  if ('d' in key) throw new CliError('input_invalid', `${file} is the private half, which stays where it is; nothing was sent. Name the public one: ${file}.pub`);
  return key;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
