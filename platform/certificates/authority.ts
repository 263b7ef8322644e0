import { issueCertificate } from './issue.ts';
import type { CertificateSigner } from './issue.ts';

/** Who signs the certificates of agents in this cell. */
export interface CertificateAuthority {
  readonly name: string;
  readonly certificate_pem: string;
  readonly signer: CertificateSigner;
}

const DAY_MS = 24 * 3600_000;
const YEARS_10_MS = 10 * 365 * DAY_MS;

/** What an authority says of itself. Agents pin it, so it is made once and kept: another over the same key is another authority to them. */
export async function authorityCertificate(name: string, signer: CertificateSigner, now: Date): Promise<string> {
  const { pem } = await issueCertificate({
    name, use: 'authority', publicKey: signer.publicKey, alternative_names: [],
    not_before: new Date(now.getTime() - DAY_MS), not_after: new Date(now.getTime() + YEARS_10_MS),
  }, name, signer);
  return pem;
}
