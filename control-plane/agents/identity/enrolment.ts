import { createPublicKey } from 'node:crypto';
import type { JsonWebKeyInput } from 'node:crypto';
import { readEnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';
import type { EnrolmentToken } from '@countersign/contracts/agent/enrolment-token.ts';
import { SUPPORTED_PROTOCOLS } from '@countersign/contracts/agent/protocol.ts';
import type { EncryptionJwk, EnrolAnswer, EnrolRequest } from '@countersign/contracts/agent/protocol.ts';
import { spiffeIdOf } from '@countersign/contracts/agent/spiffe-id.ts';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { TenantStates } from '../../access/ports.ts';
import type { RateLimit } from '../../cell/rate-limit.ts';
import type { Presented } from '../listener/presented.ts';
import { agentKeySet } from '../session/key-set.ts';
import { agentCertificate, requestedKey } from './certificate.ts';
import { enrolAgain, insertAgent, lockAgentBefore } from './repository-agents.ts';
import type { BeforeRow } from './repository-agents.ts';
import { useToken } from './repository-tokens.ts';
import type { PlaceRow } from './repository-tokens.ts';
import type { ReusedTokens } from './reused-tokens.ts';
import { secretDigest } from './token-secret.ts';

export interface EnrolmentParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly authority: CertificateAuthority;
  readonly tenantStates: TenantStates;
  readonly reused: ReusedTokens;
  /** By address: a token cannot be guessed, but asking costs us. */
  readonly attempts: RateLimit;
  readonly cell: string;
  readonly certificate_s: number;
}

/** The connection that somebody enrols over. */
export interface EnrolledFrom {
  readonly address: string;
  readonly presented: Presented;
}

const BEARER = /^Enrolment (\S{1,2000})$/i;
const RETRY_S = 10;

/** How a machine that holds a token becomes an agent: the token is used, the agent has a row and a certificate, or nothing of it. */
export class Enrolment {
  readonly #parts: EnrolmentParts;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
  }

  /**
   * @param read the body, which is not looked at before there is a token
   * @throws ApiError `enrolment_token_invalid`, `enrolment_token_used`, `rate_limited`, `request_invalid`, `protocol_unsupported`, and as `TenantStates`
   */
  async enrol(authorization: string | undefined, read: () => Promise<EnrolRequest>, { address, presented }: EnrolledFrom): Promise<EnrolAnswer> {
    if (this.#parts.attempts.take(address) === null) throw new ApiError('rate_limited', 'Too many enrolments come from this address.', { retryAfter_s: RETRY_S });
    const token = readEnrolmentToken(BEARER.exec(authorization ?? '')?.[1] ?? '');
    if (token === null) throw tokenInvalid();
    const request = await read();
    if (!SUPPORTED_PROTOCOLS.includes(request.protocol)) throw new ApiError('protocol_unsupported', `This cell speaks protocol ${SUPPORTED_PROTOCOLS.join(', ')}, and the agent ${request.protocol}.`);
    requirePoint(request.encryption_jwk);
    const publicKey = await requestedKey(request.csr_pem);
    const answer = await this.#parts.database.forTenant(token.tenant_id, (tx) => this.#use(tx, token, request, publicKey, presented));
    if (answer !== undefined) return answer;
    if (await this.#parts.reused.note(token)) throw new ApiError('enrolment_token_used', 'The token was used before. Whoever enrolled with it was told not to take work, in case that was not you: get another token, and look at that agent.');
    throw tokenInvalid();
  }

  /** The certificate is made inside of the transaction, so that of any number who use a token at once one is certified. */
  async #use(tx: Transaction, token: EnrolmentToken, request: EnrolRequest, publicKey: Uint8Array, presented: Presented): Promise<EnrolAnswer | undefined> {
    const { keys, clock, authority, tenantStates, cell, certificate_s } = this.#parts;
    const { tenant_id } = token;
    const before = await agentBefore(tx, tenant_id, presented);
    const place = await tx.maybeOne<PlaceRow>(useToken, [tenant_id, token.id, secretDigest(token), newId('agent'), before?.id ?? null, before?.pool_id ?? null]);
    if (place === undefined) return undefined;
    const { agent_id } = place;
    // Only now: whoever has no good token learns nothing of the tenant.
    await tenantStates.refuseUnlessServed(tenant_id, tx);
    const now = clock.now();
    const name = { cell, tenant_id, environment_id: place.environment_id, pool_id: place.pool_id, agent_id };
    const certificate = await agentCertificate(authority, name, publicKey, now, certificate_s);
    await tx.change(agent_id === before?.id ? enrolAgain : insertAgent, [tenant_id, agent_id, place.pool_id, token.id, JSON.stringify(request.encryption_jwk), certificate.serial, certificate.notAfter, request.version, request.protocol, request.platform]);
    await appendAudit(tx, {
      at: now, type: 'agent.enrolled', tenant_id, workspace_id: place.workspace_id, run_id: null, actor: { kind: 'agent', id: agent_id }, subject: { kind: 'agent', id: agent_id },
      data: {
        agent_id, pool_id: place.pool_id, pool: place.pool, environment: place.environment_name, token_id: token.id, certificate_serial: certificate.serial, not_after: certificate.notAfter.toISOString(),
        agent_version: request.version, protocol: request.protocol, platform: request.platform, ...(agent_id === before?.id ? { replaces: before.certificate_serial } : {}),
      },
    });
    return {
      agent_id, spiffe_id: spiffeIdOf(name), certificate_pem: certificate.pem, ca_pem: authority.certificate_pem, server_time: now.toISOString(),
      tenant: { id: tenant_id, slug: place.tenant_slug }, workspace: { id: place.workspace_id, slug: place.workspace_slug }, environment: { id: place.environment_id, name: place.environment_name },
      pool: place.pool, policy_scope: bundleScope(place.environment_id), key_set: (await agentKeySet(tx, keys, tenant_id, now)).envelope,
    };
  }
}

/**
 * The agent that the machine was, where its connection proves that with the last certificate it was given, however long that is over: what it did
 * before and could not tell is its own to tell. One that was revoked is nobody any more.
 */
async function agentBefore(tx: Transaction, tenantId: string, presented: Presented): Promise<BeforeRow | undefined> {
  if (!('name' in presented) || presented.name.tenant_id !== tenantId) return undefined;
  return tx.maybeOne<BeforeRow>(lockAgentBefore, [tenantId, presented.name.agent_id, presented.serial]);
}

/** Unknown, expired, revoked, another tenant's: in the same words, so that nobody learns which tokens there are. */
function tokenInvalid(): ApiError {
  return new ApiError('enrolment_token_invalid', 'The token is not valid here. It works once and for ten minutes; get another one.');
}

function requirePoint(jwk: EncryptionJwk): void {
  try {
    createPublicKey({ key: jwk, format: 'jwk' } as unknown as JsonWebKeyInput);
  } catch (cause) {
    throw new ApiError('request_invalid', 'The encryption key is no point of P-256.', { cause, errors: [{ field: '/encryption_jwk', code: 'not_allowed', message: 'Send the public half of a P-256 key.' }] });
  }
}
