import { X509Certificate } from 'node:crypto';
import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import type { RenewAnswer, RenewRequest } from '@countersign/contracts/agent/protocol.ts';
import { certificateRequest } from '@countersign/platform/certificates/request.ts';
import type { CellConnection } from '../session/cell-connection.ts';
import { readAnswer } from '../session/read-answer.ts';
import { requireOurs } from './enrol.ts';
import type { HeldIdentity } from './held-identity.ts';
import type { AgentKeys, Identity } from './identity.ts';

const ANSWER_MS = 30_000;
/** A tenth earlier or later, so that agents that were enrolled together do not come together. */
const JITTER = 0.1;

/**
 * When the certificate is to be renewed: at half of its life, a little earlier or later.
 * @param random 0 to 1
 */
export function renewalTime(certificate_pem: string, random: number): Date {
  const { validFromDate, validToDate } = new X509Certificate(certificate_pem);
  const life = validToDate.getTime() - validFromDate.getTime();
  return new Date(validFromDate.getTime() + life * (0.5 + JITTER * (2 * random - 1)));
}

/** Whether only a person can help any more: an expired certificate proves nothing, so it cannot ask for the next. */
export function isExpired({ certificate_pem }: Pick<Identity, 'certificate_pem'>, now: Date): boolean {
  return new X509Certificate(certificate_pem).validToDate <= now;
}

/**
 * A new certificate for the same agent and key, over a connection that the old one opened. It is kept before it is used.
 * @throws SessionError, EnrolmentError `enrolment_refused`
 */
export async function renew(held: HeldIdentity, keys: AgentKeys, connection: Pick<CellConnection, 'ask'>): Promise<void> {
  const { ca_pem, spiffe_id } = held.now;
  const request: RenewRequest = { csr_pem: certificateRequest(keys.signing, 'agent') };
  const { certificate_pem } = readAnswer<RenewAnswer>('renew_answer', await connection.ask({ method: 'POST', path: AGENT_PATHS.renew, json: request, timeout_ms: ANSWER_MS }));
  requireOurs(certificate_pem, ca_pem, spiffe_id, keys);
  await held.change({ certificate_pem });
}
