import { appendAudit } from '@countersign/platform/audit/append.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { ObjectsError } from '@countersign/platform/objects/objects.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { Answer, Call } from '../api/operation.ts';
import { actorOf } from '../identity/principal.ts';
import { findEvidence } from './queries.ts';
import type { EvidenceRow } from './queries.ts';
import { runOf } from './runs.ts';

export interface EvidenceParts {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
}

/** The signed bundle of a finished run, as the worker built it. Every download is audited. */
export class Evidence {
  readonly #parts: EvidenceParts;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
  }

  async getEvidence({ principal, path }: Call<'getEvidence'>): Promise<Answer<'getEvidence'>> {
    const { tenantId, workspaceId } = principal;
    const row = await this.#parts.database.forTenant(tenantId, async (tx) => {
      const run = await runOf(tx, principal, path.run_id);
      const evidence = await tx.maybeOne<EvidenceRow>(findEvidence, [tenantId, run.id]);
      if (evidence === undefined) throw new ApiError('evidence_not_ready', `The run is ${run.state}.`, { retryAfter_s: 2 });
      return evidence;
    });
    const bytes = await this.#parts.objects.get(row.object_key).catch((error: unknown) => {
      if (error instanceof ObjectsError && error.code === 'object_missing') throw new ApiError('not_found', 'The evidence of this run is not kept any more: its retention was over, and the erasure of a person has removed it.', { cause: error });
      throw error;
    });
    const digest = digestOfBytes(bytes);
    if (digest !== `sha256:${row.sha256.replace(/^sha256:/, '')}`) {
      throw new ApiError('internal', 'The stored evidence is not what was built. The operator finds more in the log under `request_id`.', { cause: `${row.object_key} has ${digest}, not ${row.sha256}` });
    }
    await this.#parts.database.forTenant(tenantId, (tx) => appendAudit(tx, {
      at: this.#parts.clock.now(), type: 'evidence.downloaded', tenant_id: tenantId, workspace_id: workspaceId, run_id: path.run_id,
      actor: actorOf(principal), subject: { kind: 'evidence', id: row.id }, data: { sha256: row.sha256 },
    }));
    const base64 = Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64');
    return {
      status: 200, bytes, mediaType: 'application/zip',
      headers: { digest: `sha-256=${base64}`, 'content-disposition': `attachment; filename="${path.run_id}.evidence.zip"` },
    };
  }
}
