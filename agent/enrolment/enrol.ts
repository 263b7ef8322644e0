import { X509Certificate } from 'node:crypto';
import { readEnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';
import { AGENT_PATHS, PROTOCOL } from '@countersign/contracts/agent/protocol.ts';
import type { EnrolAnswer, EnrolRequest } from '@countersign/contracts/agent/protocol.ts';
import { readSpiffeId } from '@countersign/contracts/agent/spiffe-id.ts';
import { certificateRequest } from '@countersign/platform/certificates/request.ts';
import { HeldKeys } from '../orders/held-keys.ts';
import { CellConnection } from '../session/cell-connection.ts';
import type { SessionProxy } from '../session/dial.ts';
import { readAnswer } from '../session/read-answer.ts';
import { pinnedAuthority } from '../session/secure.ts';
import { EnrolmentError } from './errors.ts';
import { clientIdentityOf, encryptionJwkOf, isEnrolled, loadEnrolment, newKeys, saveEnrolment } from './identity.ts';
import type { AgentKeys, Identity } from './identity.ts';
import { putSpoolAside } from './spool-aside.ts';

export interface EnrolOptions {
  readonly state_dir: string;
  readonly token: string;
  readonly proxy: SessionProxy | null;
  /** Over an identity that is there: the cell is shown its certificate, expired or not, and goes on with the same agent where it may. */
  readonly again?: boolean;
  /** Of the spool, where it is not in the state folder. */
  readonly spool_key_file?: string;
  readonly about: Pick<EnrolRequest, 'version' | 'platform' | 'labels' | 'capacity'>;
}

const ANSWER_MS = 30_000;

/**
 * Makes this machine an agent of a cell: the keys are made here, the cell is known by the authority that the token pins before anything is said to it,
 * and what it answers is believed as far as it is about these keys. A token works once, so everything that can be looked at is looked at first.
 *
 * @throws EnrolmentError, SessionError
 */
export async function enrol({ state_dir, token: text, proxy, about, again = false, spool_key_file }: EnrolOptions): Promise<Identity> {
  const token = readEnrolmentToken(text);
  if (token === null) throw new EnrolmentError('token_invalid', 'That is no enrolment token. It begins with cs_enrol_; copy it whole.');
  const wasEnrolled = await isEnrolled(state_dir);
  if (wasEnrolled && !again) throw new EnrolmentError('already_enrolled', `There is an agent in ${state_dir}. Give the new one a folder of its own, or enrol the same one again with --again.`);
  const before = wasEnrolled ? await usable(state_dir) : null;
  const url = new URL(token.url);
  const ca_pem = await pinnedAuthority(url, token.ca_sha256, proxy);
  // Orders that are on their way are encrypted to the key that there was.
  const keys: AgentKeys = { ...newKeys(), ...(before === null ? {} : { encryption: before.keys.encryption }) };
  const connection = await CellConnection.open({ url, ca_pem, proxy }, before === null ? null : clientIdentityOf(before.identity, before.keys));
  try {
    const request: EnrolRequest = { protocol: PROTOCOL, ...about, csr_pem: certificateRequest(keys.signing, 'agent'), encryption_jwk: encryptionJwkOf(keys) };
    const headers = { authorization: `Enrolment ${text.trim()}` };
    const answered = await connection.ask({ method: 'POST', path: AGENT_PATHS.enrol, headers, json: request, timeout_ms: ANSWER_MS });
    const answer = readAnswer<EnrolAnswer>('enrol_answer', answered);
    const identity = identityOf(token.url, token.tenant_id, ca_pem, answer, keys);
    if (wasEnrolled && identity.agent_id !== before?.identity.agent_id) await putSpoolAside(state_dir, before?.identity.agent_id ?? 'unknown', spool_key_file);
    await saveEnrolment(state_dir, identity, keys);
    return identity;
  } finally {
    connection.close();
  }
}

/** What is damaged proves nothing to the cell, and the agent that it was of stays what it is there. */
async function usable(state_dir: string): Promise<{ readonly identity: Identity; readonly keys: AgentKeys } | null> {
  return loadEnrolment(state_dir).catch((error: unknown) => {
    if (error instanceof EnrolmentError) return null;
    throw error;
  });
}

function identityOf(cell_url: string, tenantId: string, ca_pem: string, answer: EnrolAnswer, keys: AgentKeys): Identity {
  const { agent_id, spiffe_id, tenant, workspace, environment, pool, policy_scope, certificate_pem } = answer;
  requireOurs(certificate_pem, ca_pem, spiffe_id, keys);
  const name = readSpiffeId(spiffe_id);
  const isTold = name !== null && name.agent_id === agent_id && name.tenant_id === tenant.id && name.environment_id === environment.id && tenant.id === tenantId;
  if (!isTold) throw new EnrolmentError('enrolment_refused', 'The cell says that this agent is somebody else than its certificate, or of another tenant than the token. Nothing was kept.');
  const held = HeldKeys.first(answer.key_set, tenant.id);
  if (held === undefined) throw new EnrolmentError('enrolment_refused', 'The keys that the cell gave are not signed by one of them. Nothing was kept.');
  return { cell_url, ca_pem, certificate_pem, agent_id, spiffe_id, tenant, workspace, environment, pool, policy_scope, key_set: held.set };
}

/** The certificate is of the pinned authority, for the key that was made here, and says nothing but the name that was told. */
export function requireOurs(certificate_pem: string, ca_pem: string, spiffe_id: string, { signing }: Pick<AgentKeys, 'signing'>): void {
  const certificate = new X509Certificate(certificate_pem);
  const authority = new X509Certificate(ca_pem);
  const isOurs = certificate.verify(authority.publicKey) && certificate.checkIssued(authority) && certificate.checkPrivateKey(signing) && certificate.subjectAltName === `URI:${spiffe_id}`;
  if (!isOurs) throw new EnrolmentError('enrolment_refused', 'The certificate that the cell gave is not for the key of this agent, or not of its authority. Nothing was kept.');
}
