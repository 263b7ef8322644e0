import { createPublicKey, hash, X509Certificate } from 'node:crypto';
import { ObjectsError } from '../objects/objects.ts';
import type { Objects } from '../objects/objects.ts';
import { authorityCertificate } from './authority.ts';
import type { CertificateAuthority } from './authority.ts';
import { CertificateError } from './errors.ts';
import type { CertificateSigner } from './issue.ts';

/**
 * The authority whose key is with a key service: its certificate is made at the first start and kept in the object store, under the digest of the key,
 * where every process of the cell finds it.
 *
 * @throws CertificateError `authority_unusable`; ObjectsError
 */
export async function openSignerAuthority(objects: Pick<Objects, 'get' | 'put'>, name: string, signer: CertificateSigner, now: Date): Promise<CertificateAuthority> {
  const place = `agent-authority/${hash('sha256', signer.publicKey, 'hex')}.crt`;
  const certificate_pem = await kept(objects, place) ?? await keepFirst(objects, place, await authorityCertificate(name, signer, now));
  const certified = new X509Certificate(certificate_pem).publicKey;
  if (!certified.equals(createPublicKey({ key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' }))) {
    throw new CertificateError('authority_unusable', `${place} in the object store is not of the key that signs. Restore the object from a backup.`);
  }
  return { name, certificate_pem, signer };
}

async function kept(objects: Pick<Objects, 'get'>, place: string): Promise<string | undefined> {
  try {
    return Buffer.from(await objects.get(place)).toString('utf8');
  } catch (error) {
    if (error instanceof ObjectsError && error.code === 'object_missing') return undefined;
    throw error;
  }
}

/** Another process may make one at the same moment: the first is the authority. */
async function keepFirst(objects: Pick<Objects, 'get' | 'put'>, place: string, pem: string): Promise<string> {
  try {
    await objects.put(place, Buffer.from(pem));
    return pem;
  } catch (error) {
    if (!(error instanceof ObjectsError) || error.code !== 'object_exists') throw error;
    return Buffer.from(await objects.get(place)).toString('utf8');
  }
}
