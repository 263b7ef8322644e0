import { hash } from 'node:crypto';
import { newSecret } from '../tokens.ts';

const INVITATION = /^cs_inv_(ten_[0-7][0-9a-hjkmnp-tv-z]{25})_([A-Za-z0-9_-]{43})$/;

/** A token of an invitation, shown once, and what of it is stored. */
export function newInvitationToken(tenantId: string): { readonly token: string; readonly sha256: string } {
  const { secret, sha256 } = newSecret();
  return { token: `cs_inv_${tenantId}_${secret}`, sha256 };
}

export function parseInvitationToken(token: string): { readonly tenantId: string; readonly sha256: string } | null {
  const [, tenantId, secret] = INVITATION.exec(token) ?? [];
  return tenantId === undefined || secret === undefined ? null : { tenantId, sha256: hash('sha256', secret, 'hex') };
}
