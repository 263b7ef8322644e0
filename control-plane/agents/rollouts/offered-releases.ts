import type { PollRequest, UpgradeOffer } from '@countersign/contracts/agent/protocol.ts';
import { appendAudit } from '@countersign/platform/audit/append.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database, Transaction } from '@countersign/platform/postgres/database.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import type { ReleasesFolder } from './releases-folder.ts';
import { noteProgress, offeredRelease } from './repository-rollouts.ts';
import type { OfferedRelease, ProgressRow } from './repository-rollouts.ts';

/** What the agent is to run, as its poll is answered; null: what it runs. */
export async function releaseFor(tx: Transaction, { tenantId, agentId }: AdmittedAgent): Promise<UpgradeOffer | null> {
  return await tx.maybeOne<OfferedRelease>(offeredRelease, [tenantId, agentId]) ?? null;
}

/** Takes down how far the agent says that it has come; where it has come to run the release, that is in the audit. */
export async function noteUpgrade(tx: Transaction, { tenantId, workspaceId, agentId, poolId }: AdmittedAgent, { upgrade }: PollRequest, at: Date): Promise<void> {
  if (upgrade === undefined) return;
  const { sha256, state, code } = upgrade;
  const moved = await tx.maybeOne<ProgressRow>(noteProgress, [tenantId, agentId, sha256, state, code]);
  if (moved === undefined || (state !== 'well' && state !== 'failed')) return;
  await appendAudit(tx, {
    at, type: 'agent.upgraded', tenant_id: tenantId, workspace_id: workspaceId, run_id: null, actor: { kind: 'agent', id: agentId }, subject: { kind: 'agent', id: agentId },
    data: { pool_id: poolId, rollout_id: moved.rollout_id, agent_version: moved.agent_version, sha256, state, code },
  });
}

/** A piece of the release that the agent is offered now, and of no other. @throws ApiError `not_found`, `range_invalid`, `release_missing` */
export async function serveRelease({ database, releases }: { readonly database: Database; readonly releases: ReleasesFolder }, agent: AdmittedAgent, sha256: string, range: string | undefined): Promise<{ readonly status: 206; readonly headers: Readonly<Record<string, string>>; readonly bytes: Buffer }> {
  const offer = await database.forTenant(agent.tenantId, (tx) => releaseFor(tx, agent));
  if (offer?.sha256 !== sha256) throw new ApiError('not_found', 'An agent is given the release that it is offered.');
  return { status: 206, headers: { 'content-type': 'application/octet-stream', 'content-range': `${(range ?? '').replace('=', ' ')}/${offer.size_bytes}` }, bytes: await releases.piece(sha256, range) };
}
