import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COSIGNATURE_V1, verifierKeyOf } from '@countersign/contracts/transparency/note.ts';
import type { VerifierKey } from '@countersign/contracts/transparency/note.ts';
import { WitnessError } from './config.ts';

export interface WitnessKey {
  readonly verifier: VerifierKey;
  sign(message: Uint8Array): Uint8Array;
}

/** The key of the data folder, made there when it is not. Only its owner may read it. @throws WitnessError */
export async function openKey(dataFolder: string, name: string): Promise<WitnessKey> {
  const file = path.join(dataFolder, 'key.pem');
  const made = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(file, made, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  if (((await stat(file)).mode & 0o077) !== 0) throw new WitnessError('key_exposed', `Others may read ${file}. Make it your own: chmod 600 ${file}`);
  const key = parse(await readFile(file, 'utf8'), file);
  const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
  return { verifier: verifierKeyOf(name, COSIGNATURE_V1, raw), sign: (message) => sign(null, message, key) };
}

function parse(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new WitnessError('key_invalid', `${file} holds no private key.`, { cause });
  }
  throw new WitnessError('key_invalid', `${file} holds a key that is not Ed25519.`);
}
