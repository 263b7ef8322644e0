import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { aroundAddress } from '@countersign/platform/http/client-address.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Transaction } from '@countersign/platform/postgres/database.ts';
import type { SignInStrength } from '@countersign/contracts/policy/sign-in-strength.ts';
import type { TenantStates } from '../../access/ports.ts';
import type { SignInFacts } from '../principal.ts';
import { findMembership } from '../queries.ts';
import type { MembershipRow } from '../queries.ts';
import { newSecret, parseSessionToken, sessionToken } from '../tokens.ts';
import { endReplaced, insertSession } from './queries.ts';

/** A person who has just shown who they are. */
export interface SignedIn {
  readonly tenantId: string;
  readonly principalId: string;
  readonly strength: SignInStrength;
  readonly facts: SignInFacts;
  /** As whoever vouches for them says; null: they do not say, and nobody takes the sign-in for fresh. */
  readonly at: Date | 'now' | null;
}

/** The browser that they did it in. */
export interface Browser {
  /** What its session cookie holds, if it has one. */
  readonly sessionCookie: string | undefined;
  readonly userAgent: string | undefined;
  /** Whom requests of theirs are counted against (platform/http/client-address.ts); only the network around it is kept. */
  readonly address: string;
}

export interface SessionParts {
  readonly clock: Clock;
  readonly tenantStates: TenantStates;
}

export interface StartedSession {
  /** For the cookie: shown to this browser and nobody else. */
  readonly token: string;
  readonly replacedId: string | null;
}

/**
 * Begins a session with an id that nobody knew before (session fixation), and ends the one that the browser had. What the sign-in was is
 * kept with it, and told in the audit. Who they are was shown before: only to them it is told that their tenant is not served here.
 *
 * @throws ApiError `tenant_suspended`, `tenant_elsewhere`, `unavailable` while it is being moved
 */
export async function startSession(tx: Transaction, { clock, tenantStates }: SessionParts, signedIn: SignedIn, browser: Browser): Promise<StartedSession> {
  const { tenantId, principalId, strength, facts } = signedIn;
  await tenantStates.refuseUnlessServed(tenantId, tx);
  const replacedId = await endTheOneBefore(tx, tenantId, browser.sessionCookie);
  const id = newId('session');
  const { secret, sha256 } = newSecret();
  const userAgent = browser.userAgent?.slice(0, 200) ?? null;
  await tx.change(insertSession, [tenantId, id, sha256, principalId, strength, facts.method, facts.idp, facts.acr, [...facts.amr], signedIn.at === 'now', signedIn.at === 'now' ? null : signedIn.at, userAgent, aroundAddress(browser.address)]);
  const { workspace_id } = await tx.one<MembershipRow>(findMembership, [tenantId, principalId]);
  await appendAudit(tx, {
    at: clock.now(), type: 'session.started', tenant_id: tenantId, workspace_id, run_id: null,
    actor: { kind: 'person', id: principalId }, subject: { kind: 'session', id },
    data: { auth_strength: strength, method: facts.method, idp: facts.idp, acr: facts.acr, amr: [...facts.amr], replaces: replacedId },
  });
  return { token: sessionToken(tenantId, id, secret), replacedId };
}

/** Only of this tenant: a browser may hold the session of another one for another person. */
async function endTheOneBefore(tx: Transaction, tenantId: string, cookie: string | undefined): Promise<string | null> {
  const before = cookie === undefined ? null : parseSessionToken(cookie);
  if (before === null || before.tenantId !== tenantId) return null;
  return await tx.change(endReplaced, [tenantId, before.id, before.secretSha256]) === 1 ? before.id : null;
}
