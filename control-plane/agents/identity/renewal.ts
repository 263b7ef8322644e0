import type { RenewAnswer, RenewRequest } from '@countersign/contracts/agent/protocol.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { RateLimit } from '../../cell/rate-limit.ts';
import { agentRevoked } from '../listener/admission.ts';
import type { Admission } from '../listener/admission.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import { agentCertificate, requestedKey } from './certificate.ts';
import { renewCertificate } from './repository-agents.ts';

export interface RenewalParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly authority: CertificateAuthority;
  readonly admission: Pick<Admission, 'forget'>;
  readonly cell: string;
  readonly certificate_s: number;
}

/** An agent that starts over and over renews each time; one that does nothing else is not to fill the audit. */
const PER_LIFE = 20;

/** The next certificate of an agent that still has one: for the same name, and the key that it asks for. */
export class Renewal {
  readonly #parts: RenewalParts;
  readonly #rate: RateLimit;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
    this.#rate = new RateLimit(parts.clock, { burst: PER_LIFE, refill_ms: parts.certificate_s * 1_000 / PER_LIFE });
  }

  /** @throws ApiError `request_invalid`, `rate_limited`, `agent_revoked` */
  async renew({ tenantId, workspaceId, environmentId, poolId, agentId, serial, endsAt }: AdmittedAgent, { csr_pem }: RenewRequest): Promise<RenewAnswer> {
    const { database, clock, authority, admission, cell, certificate_s } = this.#parts;
    if (this.#rate.take(agentId) === null) throw new ApiError('rate_limited', 'The agent renews its certificate far more often than at half of its life.', { retryAfter_s: Math.ceil(certificate_s / PER_LIFE) });
    const publicKey = await requestedKey(csr_pem);
    const now = clock.now();
    const certificate = await agentCertificate(authority, { cell, tenant_id: tenantId, environment_id: environmentId, pool_id: poolId, agent_id: agentId }, publicKey, now, certificate_s);
    await database.forTenant(tenantId, async (tx) => {
      if (await tx.change(renewCertificate, [tenantId, agentId, serial, endsAt, certificate.serial, certificate.notAfter]) === 0) throw agentRevoked();
      await appendAudit(tx, {
        at: now, type: 'agent.renewed', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'agent', id: agentId },
        subject: { kind: 'agent', id: agentId }, data: { agent_id: agentId, pool_id: poolId, certificate_serial: certificate.serial, not_after: certificate.notAfter.toISOString() },
      });
    });
    admission.forget(tenantId, agentId);
    return { certificate_pem: certificate.pem, ca_pem: authority.certificate_pem, server_time: clock.now().toISOString() };
  }
}
