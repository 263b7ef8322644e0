import { generateKeyPairSync } from 'node:crypto';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import { issueCertificate } from '@countersign/platform/certificates/issue.ts';

/** What the agent port shows for itself. */
export interface ServerIdentity {
  /** With the authority's behind it, so that an agent can compare that with what its token pins. */
  readonly cert: string;
  readonly key: string;
  readonly renewAt: Date;
}

const DAY_MS = 24 * 3600_000;
const LIFE_MS = 30 * DAY_MS;

/** A new key and certificate for `hostname`, as a URL spells it. It begins a day ago: an agent whose clock is behind has to take it to learn what time it is. */
export async function newServerIdentity(hostname: string, authority: CertificateAuthority, now: Date): Promise<ServerIdentity> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const host = hostname.replace(/^\[|\]$/g, '');
  const { pem } = await issueCertificate({
    name: host.slice(0, 64), use: 'server', publicKey: publicKey.export({ type: 'spki', format: 'der' }), alternative_names: [{ type: isAddress(hostname) ? 'ip' : 'dns', value: host }],
    not_before: new Date(now.getTime() - DAY_MS), not_after: new Date(now.getTime() + LIFE_MS),
  }, authority.name, authority.signer);
  return { cert: pem + authority.certificate_pem, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, renewAt: new Date(now.getTime() + LIFE_MS / 2) };
}

/** As a URL spells addresses: IPv6 in brackets, IPv4 in four parts. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(hostname);
}
