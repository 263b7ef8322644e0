import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { AdmittedAgent } from '../listener/admitted-agent.ts';
import type { ReleasesFolder } from './releases-folder.ts';
import { offeredRelease } from './repository-rollouts.ts';
import type { OfferedRelease } from './repository-rollouts.ts';

export interface ServedPiece {
  readonly status: 206;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** A piece of the release that the agent is offered now, and of no other. @throws ApiError `not_found`, `range_invalid`, `release_missing` */
export async function serveRelease({ database, releases }: { readonly database: Database; readonly releases: ReleasesFolder }, { tenantId, agentId }: AdmittedAgent, sha256: string, range: string | undefined): Promise<ServedPiece> {
  const offer = await database.forTenant(tenantId, (tx) => tx.maybeOne<OfferedRelease>(offeredRelease, [tenantId, agentId]));
  if (offer?.sha256 !== sha256) throw new ApiError('not_found', 'An agent is given the release that it is offered.');
  return { status: 206, headers: { 'content-type': 'application/octet-stream', 'content-range': `${(range ?? '').replace('=', ' ')}/${offer.size_bytes}` }, bytes: await releases.piece(sha256, range) };
}
