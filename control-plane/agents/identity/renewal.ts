import type { RenewAnswer, RenewRequest } from '@countersign/contracts/agent/protocol.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
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

/** The next certificate of an agent that still has one: for the same name, and the key that it asks for. */
export class Renewal {
  readonly #parts: RenewalParts;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /** @throws ApiError `request_invalid`, `agent_revoked` */
  async renew({ tenantId, workspaceId, environmentId, poolId, agentId, serial, endsAt }: AdmittedAgent, { csr_pem }: RenewRequest): Promise<RenewAnswer> {
    const { database, clock, authority, admission, cell, certificate_s } = this.#parts;
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
    admission.forget(agentId);
    return { certificate_pem: certificate.pem, ca_pem: authority.certificate_pem, server_time: clock.now().toISOString() };
  }
}
