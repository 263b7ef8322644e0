import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encodePackage } from '@countersign/contracts/connectors/package/packed.ts';
import { isPublisherJwk, publisherKid, signPackage } from '@countersign/contracts/connectors/package/signature.ts';
import type { PublisherKey } from '@countersign/contracts/connectors/package/signature.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { readPackage } from '../package-format/load-package.ts';
import { AuthorError } from './errors.ts';

/** `connector pack`: what runs of a package, signed, in one file. The same content and key give the same bytes. */
export function packPackage(folder: string | undefined, keyFile: string | undefined, output: string | undefined): boolean {
  if (keyFile === undefined) throw new AuthorError('Name the publisher\'s key with --key FILE. `countersign connector key FILE` makes one.');
  const key = readKey(keyFile);
  const read = readPackage(folder ?? '.');
  const { manifest, manifestDigest, packageDigest, content } = read;
  const signature = signPackage({ name: manifest.name, version: manifest.version, manifest_digest: manifestDigest, package_digest: packageDigest }, key);
  const bytes = encodePackage({ content, manifestText: canonicalText(manifest), signature });
  const file = output ?? `${manifest.name}-${manifest.version}.connector.zip`;
  try {
    writeFileSync(file, bytes);
  } catch (cause) {
    throw new AuthorError(`${path.resolve(file)} cannot be written: ${(cause as Error).message}`, { cause });
  }
  process.stdout.write([
    `${file}   ${content.size} files, ${bytes.length} bytes`,
    `address         sha256:${hash('sha256', bytes, 'hex')}`, `package digest  ${packageDigest}`, `manifest digest ${manifestDigest}`, `signed by       ${publisherKid(key)}`, '',
    `Next   countersign connector publish ${file}`, '',
  ].join('\n'));
  return true;
}

function readKey(file: string): PublisherKey {
  try {
    const key = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (isPublisherJwk(key) && 'd' in key && typeof key.d === 'string') return key as PublisherKey;
  } catch (cause) {
    throw new AuthorError(`${file} cannot be read as a key: ${(cause as Error).message}`, { cause });
  }
  throw new AuthorError(`${file} is no publisher's key (perhaps its public half). \`countersign connector key FILE\` makes one.`);
}
