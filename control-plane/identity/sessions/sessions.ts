import { appendAudit } from '@countersign/platform/audit/append.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { may } from '../../access/may.ts';
import type { Answer, Call } from '../../api/operation.ts';
import type { Cookies } from '../../http/cookies.ts';
import type { Notifier } from '../../live/notifier.ts';
import type { Me } from '../me.ts';
import { actorOf } from '../principal.ts';
import type { Principal } from '../principal.ts';
import { chooseWorkspace, endSession, homeWorkspace, listSessions } from './queries.ts';
import type { SessionRow } from './queries.ts';
import { endSessions } from './session-end.ts';

export interface SessionsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly notifier: Notifier;
  readonly me: Me;
  readonly cookies: Cookies;
}

/** Where people are signed in: their own, and with `sessions:manage` everybody's. */
export class Sessions {
  readonly #parts: SessionsParts;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  async listSessions({ principal, query }: Call<'listSessions'>): Promise<Answer<'listSessions'>> {
    const whose = query.principal_id ?? principal.id;
    refuseOthers(principal, whose);
    const rows = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.rows<SessionRow>(listSessions, [principal.tenantId, whose]));
    return { status: 200, body: { items: rows.map((row) => sessionView(row, principal)) } };
  }

  async revokeSession({ principal, path }: Call<'revokeSession'>): Promise<Answer<'revokeSession'>> {
    await this.#parts.database.forTenant(principal.tenantId, async (tx) => {
      const anybodys = mayManage(principal);
      if (await tx.change(endSession, [principal.tenantId, path.session_id, 'revoked', anybodys ? null : principal.id]) === 0) {
        throw new ApiError('session_unknown', 'There is no such session, or it has ended.');
      }
      const home = await tx.one<{ id: string }>(homeWorkspace, [principal.tenantId]);
      await appendAudit(tx, {
        at: this.#parts.clock.now(), type: 'session.revoked', tenant_id: principal.tenantId, workspace_id: home.id, run_id: null,
        actor: actorOf(principal), subject: { kind: 'session', id: path.session_id }, data: { how: 'revoked' },
      });
    });
    this.#parts.notifier.sessionEnded(path.session_id);
    const itsOwn = principal.via.kind === 'session' && principal.via.sessionId === path.session_id;
    return { status: 204, ...(itsOwn ? { headers: { 'set-cookie': this.#parts.cookies.session('') } } : {}) };
  }

  async revokeSessions({ principal, body }: Call<'revokeSessions'>): Promise<Answer<'revokeSessions'>> {
    const whose = body.principal_id ?? principal.id;
    const exceptId = body.except_current === true && principal.via.kind === 'session' ? principal.via.sessionId : null;
    refuseOthers(principal, whose);
    const end = { tenantId: principal.tenantId, principalId: whose, because: 'revoked', exceptId, actor: actorOf(principal), at: this.#parts.clock.now() } as const;
    const ended = await this.#parts.database.forTenant(principal.tenantId, (tx) => endSessions(tx, end));
    for (const id of ended) this.#parts.notifier.sessionEnded(id);
    return { status: 200, body: { revoked: ended.length } };
  }

  /** Which workspace this session works in from now on. */
  async chooseWorkspace({ principal, body, headers }: Call<'chooseWorkspace'>): Promise<Answer<'chooseWorkspace'>> {
    if (principal.via.kind !== 'session') throw new ApiError('request_invalid', 'Only a session keeps a workspace. Send the header `countersign-workspace` with a key.');
    const { sessionId } = principal.via;
    const chosen = await this.#parts.database.forTenant(principal.tenantId, (tx) => tx.change(chooseWorkspace, [principal.tenantId, sessionId, principal.id, body.workspace_id]));
    if (chosen === 0) throw new ApiError('not_found', 'There is no such workspace.');
    return { status: 200, body: await this.#parts.me.ofCookies(headers.cookie) };
  }
}

/** @throws ApiError `session_unknown` for somebody else's sessions, whether or not there is such a person */
function refuseOthers(principal: Principal, whose: string): void {
  if (whose !== principal.id && !mayManage(principal)) throw new ApiError('session_unknown', 'There is no such session, or it has ended.');
}

/** People are of the whole tenant: who manages them does so in its home workspace. */
function mayManage(principal: Principal): boolean {
  return principal.isInHomeWorkspace && may(principal, 'sessions:manage');
}

function sessionView(row: SessionRow, { via }: Principal): components['schemas']['Session'] {
  return {
    id: row.id, principal_id: row.principal_id, current: via.kind === 'session' && via.sessionId === row.id,
    method: row.method, auth_strength: row.auth_strength, provider_id: row.provider_id, provider_name: row.provider_name, user_agent: row.user_agent, address: row.address,
    signed_in_at: row.signed_in_at?.toISOString() ?? null, created_at: row.created_at.toISOString(), last_seen_at: row.last_seen_at.toISOString(), expires_at: row.expires_at.toISOString(),
  };
}
