import { spiffeIdOf } from '@countersign/contracts/agent/spiffe-id.ts';
import type { AgentName } from '@countersign/contracts/agent/spiffe-id.ts';
import { CertificateError } from '@countersign/platform/certificates/errors.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import { issueCertificate, publicKeyOfRequest } from '@countersign/platform/certificates/issue.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';

export interface AgentCertificate {
  readonly pem: string;
  readonly serial: string;
  readonly notAfter: Date;
}

/** It begins this much earlier, or a tenth of its life: clocks differ a little, and half of its life must not be over when it is made. */
const EARLIER_MS = 60_000;

/** What proves for `life_s` that whoever holds the private key of `publicKey` is the agent `name`. Times in certificates are whole seconds. */
export async function agentCertificate(authority: CertificateAuthority, name: AgentName, publicKey: Uint8Array, now: Date, life_s: number): Promise<AgentCertificate> {
  const notAfter = new Date(Math.ceil(now.getTime() / 1_000 + life_s) * 1_000);
  const { pem, serial } = await issueCertificate({
    name: name.agent_id, use: 'client', publicKey, alternative_names: [{ type: 'url', value: spiffeIdOf(name) }],
    not_before: new Date(now.getTime() - Math.min(EARLIER_MS, life_s * 100)), not_after: notAfter,
  }, authority.name, authority.signer);
  return { pem, serial, notAfter };
}

/** @throws ApiError `request_invalid` naming what is wrong with the request for a certificate */
export async function requestedKey(csr_pem: string): Promise<Uint8Array> {
  try {
    return await publicKeyOfRequest(csr_pem);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new ApiError('request_invalid', error.message, { errors: [{ field: '/csr_pem', code: 'not_allowed', message: error.message }] });
  }
}
