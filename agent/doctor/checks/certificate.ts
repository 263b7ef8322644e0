import { X509Certificate } from 'node:crypto';
import { readSpiffeId } from '@countersign/contracts/agent/spiffe-id.ts';
import { EnrolmentError } from '../../enrolment/errors.ts';
import { readRefusal } from '../../session/read-answer.ts';
import { ill, unseen, well } from '../finding.ts';
import type { Examined, Seen } from '../finding.ts';

const TOKEN = 'Get a token (console: Agents, or countersign agents token) and run:';
const ANEW = `${TOKEN} countersign-agent enroll --again.`;
const AGAIN = `${ANEW} What waits to be delivered stays.`;

/** Whether there is a certificate, it is good, and the cell takes it. */
export function certificate({ enrolment, way, now }: Examined, permission: Seen): Seen {
  if (enrolment instanceof EnrolmentError) {
    if (permission.ok === false && enrolment.code === 'identity_unusable') return unseen('what the state folder holds is not for the agent alone');
    return ill(enrolment.message, enrolment.code === 'not_enrolled' ? `${TOKEN} countersign-agent enroll` : AGAIN);
  }
  const { identity } = enrolment;
  const { validToDate, subjectAltName } = new X509Certificate(identity.certificate_pem);
  const until = validToDate.toISOString();
  if (readSpiffeId(subjectAltName?.replace(/^URI:/, '') ?? '')?.agent_id !== identity.agent_id) return ill('the certificate does not name this agent', AGAIN);
  const answer = way?.answer ?? null;
  if (answer?.status === 401 || answer?.status === 403) {
    const { problem } = readRefusal(answer);
    const isRevoked = problem?.code === 'agent_revoked';
    return ill(`the cell refuses it (${problem?.code}): ${problem?.detail}`, isRevoked ? `A person has revoked this agent; the console says who and why. For a new one in its place: ${ANEW}` : AGAIN);
  }
  if (answer === null && validToDate <= now()) return ill(`it has expired on ${until}`, AGAIN);
  return well(`${identity.agent_id}, good until ${until}${answer === null ? ' (the cell was not asked)' : ', and the cell takes it'}`);
}
