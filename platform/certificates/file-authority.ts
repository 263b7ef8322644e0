import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createOnce } from '../keys/create-once.ts';
import { CertificateError } from './errors.ts';
import { authorityCertificate } from './authority.ts';
import type { CertificateAuthority } from './authority.ts';
import type { CertificateSigner } from './issue.ts';

/**
 * The authority of a cell, with its key in a file (mode 0600): made at the first start, read at every other.
 * @throws CertificateError `authority_unusable`
 */
export async function openFileAuthority(folder: string, name: string, now: Date): Promise<CertificateAuthority> {
  const [keyFile, certificateFile] = [join(folder, 'agent-ca.key'), join(folder, 'agent-ca.crt')];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await createKey(keyFile);
  const privateKey = await readKey(keyFile);
  const signer = signerOf(privateKey);
  const certificate_pem = await readFile(certificateFile, 'utf8').catch(() => undefined) ?? await createCertificate(certificateFile, name, signer, now);
  const certificate = new X509Certificate(certificate_pem);
  if (!certificate.checkPrivateKey(privateKey)) throw new CertificateError('authority_unusable', `${certificateFile} is not of the key in ${keyFile}. Restore both from the same backup.`);
  return { name, certificate_pem, signer };
}

export function signerOf(privateKey: KeyObject): CertificateSigner {
  return {
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    sign: async (bytes) => sign('sha256', bytes, privateKey),
  };
}

async function createKey(file: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await createOnce(file, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 0o600);
}

async function readKey(file: string): Promise<KeyObject> {
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) throw new CertificateError('authority_unusable', `The key ${file} can be read by others. Run: chmod 600 ${file}`);
  try {
    return createPrivateKey(await readFile(file));
  } catch (error) {
    throw new CertificateError('authority_unusable', `${file} holds no private key. Restore it from your backup: agents trust no other.`, { cause: error });
  }
}

async function createCertificate(file: string, name: string, signer: CertificateSigner, now: Date): Promise<string> {
  await createOnce(file, await authorityCertificate(name, signer, now), 0o644);
  // Another process may have made it at the same moment: there is one authority.
  return readFile(file, 'utf8');
}
