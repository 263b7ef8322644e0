import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { parseCanonical } from '@countersign/platform/canonical-json/parse-strict.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { may } from '../access/may.ts';
import type { ApprovalRow, VoteRow } from './queries.ts';
import { whyNot } from './voting-rules.ts';
import type { Voter } from './voting-rules.ts';

export type ApprovalView = components['schemas']['Approval'];
type Preview = components['schemas']['Preview'];

/** An approval as somebody may see it: what would be executed only for those who may see content or must judge it. */
export async function approvalView(row: ApprovalRow, votes: readonly VoteRow[], voter: Voter, keys: Keys): Promise<ApprovalView> {
  const { principal } = voter;
  const judges = principal.scopes === null && principal.roles.some((role) => role === row.required_role);
  const seesContent = may(principal, 'content:read') || judges;
  const { action, preview } = await visibleParts(row, seesContent, principal.tenantId, keys);
  const refusal = whyNot(row, votes, voter);
  return {
    id: row.id, run_id: row.run_id, step_key: row.step_key, action: row.action, action_digest: row.action_digest, subject: row.subject,
    state: row.overdue ? 'expired' : row.state, tier: row.tier, required_role: row.required_role, required_votes: row.required_votes,
    min_strength: row.min_strength, max_sign_in_age_ms: row.max_sign_in_age_ms,
    requested_at: row.requested_at.toISOString(), expires_at: row.expires_at.toISOString(),
    decided_at: row.decided_at?.toISOString() ?? null, consumed_at: row.consumed_at?.toISOString() ?? null,
    preview, action_document: action,
    votes: votes.map(({ approval_id: _of, ...vote }) => ({ ...vote, voted_at: vote.voted_at.toISOString() })),
    kind: row.kind, answer: row.answer, sent: row.sent, frozen_since: row.frozen_since?.toISOString() ?? null,
    may_vote: refusal === null, may_not_vote_because: refusal?.detail ?? null,
  };
}

async function visibleParts(row: ApprovalRow, seesContent: boolean, tenantId: string, keys: Keys): Promise<{ action: Record<string, never>; preview: Preview }> {
  if (!seesContent) return withheld('Withheld: your roles do not include seeing content');
  if (row.action_sealed === null) return withheld('Withheld: its retention is over and the text is shredded; the digest stays');
  return openApproval(row, tenantId, keys);
}

/**
 * The canonical action and its preview. The bytes are checked against the digest that people vote on: what is shown is what would
 * be executed, or nothing is shown.
 */
export async function openApproval(row: ApprovalRow, tenantId: string, keys: Keys): Promise<{ action: Record<string, never>; preview: Preview }> {
  if (row.action_sealed === null || row.preview_sealed === null) {
    throw new ApiError('internal', 'The action is not kept any more.', { cause: `the action of ${row.id} is shredded` });
  }
  const action = await keys.unseal(tenantId, 'approval', row.id, row.action_sealed);
  if (digestOfBytes(action) !== row.action_digest) {
    throw new ApiError('internal', 'The stored action is not the one that was asked about. The operator finds more in the log under `request_id`.', {
      cause: `the action of ${row.id} does not have the digest ${row.action_digest}`,
    });
  }
  const preview = parseCanonical(await keys.unseal(tenantId, 'approval', row.id, row.preview_sealed)) as unknown as { preview: Preview };
  return { action: parseCanonical(action) as unknown as Record<string, never>, preview: preview.preview };
}

function withheld(title: string): { action: Record<string, never>; preview: Preview } {
  return { action: {}, preview: { title, fields: [], additions: [] } };
}
