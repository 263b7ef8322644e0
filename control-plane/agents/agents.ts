import { hash, X509Certificate } from 'node:crypto';
import { agentHintOf, AGENTS_CHANNEL } from '@countersign/contracts/agent/hint.ts';
import type { CertificateAuthority } from '@countersign/platform/certificates/authority.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import type { Objects } from '@countersign/platform/objects/objects.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { Listener } from '@countersign/platform/postgres/listener.ts';
import type { TenantStates } from '../access/ports.ts';
import { Loop } from '../cell/loop.ts';
import { RateLimit } from '../cell/rate-limit.ts';
import type { Notifier } from '../live/notifier.ts';
import { openAuthority } from './authority.ts';
import { Enrolment } from './identity/enrolment.ts';
import { Renewal } from './identity/renewal.ts';
import { ReusedTokens } from './identity/reused-tokens.ts';
import { EnrolmentTokens } from './identity/tokens.ts';
import type { CellIdentity } from './identity/tokens.ts';
import { Admission } from './listener/admission.ts';
import { ConnectionWatch } from './listener/connection-watch.ts';
import { agentRoutes } from './listener/http/routes.ts';
import { AgentServer } from './listener/http/server.ts';
import type { ReleasesFolder } from './rollouts/releases-folder.ts';
import { AgentSessions } from './session/agent-sessions.ts';
import type { AlarmKind } from './session/repository-alarms.ts';
import type { AgentSettings } from './settings.ts';
import { WhenReachable } from './when-reachable.ts';

export interface AgentsParts {
  readonly database: Database;
  /** For a connection that listens. */
  readonly databaseUrl: string;
  readonly keys: Keys;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notifier: Notifier;
  readonly refusals: RateLimit;
  readonly releases: ReleasesFolder;
  readonly tenantStates: TenantStates;
  readonly cell: string;
  /** Without credentials, from one address. */
  readonly attempts_per_minute: number;
  /** Of this cell. */
  readonly version: string;
  readonly alarmed: (kind: AlarmKind) => void;
}

/** Agents of this cell: the port that they dial, who may, and the tokens that make them. Without settings there is no port, and no token. */
export class Agents {
  readonly tokens: EnrolmentTokens;
  readonly #sessions: AgentSessions;
  /** Null: the cell has none. */
  readonly #port: WhenReachable<RunningPort> | null;

  constructor(parts: AgentsParts, settings: AgentSettings | null) {
    const sessions = new AgentSessions(parts);
    this.#sessions = sessions;
    this.#port = settings === null ? null : new WhenReachable(() => openPort(parts, sessions, settings), parts.log);
    this.tokens = new EnrolmentTokens({ ...parts, cell: () => this.#cell() });
  }

  /** Where agents dial; null where they cannot, or not yet. */
  get url(): string | null {
    return this.#port?.opened?.cell.url ?? null;
  }

  /** @throws CertificateError `authority_unusable`; KeysError `kek_refused`; Node's own error when the port cannot be had */
  async start(): Promise<void> {
    await this.#port?.start();
  }

  /** Policy, keys or kill switches of a tenant have changed: its agents are told. */
  wakeTenant(tenantId: string): void {
    this.#sessions.wakeTenant(tenantId);
  }

  async stop(): Promise<void> {
    await this.#port?.stop();
  }

  #cell(): CellIdentity {
    if (this.#port === null) throw new ApiError('agents_not_configured', 'This cell has no agent port: whoever operates it sets COUNTERSIGN_AGENT_PORT.');
    if (this.#port.opened === undefined) throw new ApiError('unavailable', 'The agent port is not open yet: what signs certificates of agents does not answer.', { retryAfter_s: 5 });
    return this.#port.opened.cell;
  }
}

const RENEWAL_CHECK_MS = 3_600_000;
const RESYNC_MS = 2_000;

interface RunningPort {
  readonly cell: CellIdentity;
  stop(): Promise<void>;
}

async function openPort(parts: AgentsParts, sessions: AgentSessions, settings: AgentSettings): Promise<RunningPort> {
  const { clock, log, cell, databaseUrl } = parts;
  const authority = await openAuthority(settings.authority, cell, parts.objects, clock.now());
  const admission = new Admission(parts);
  const issuing = { ...parts, authority, admission, certificate_s: settings.certificate_s };
  const enrolment = new Enrolment({ ...issuing, reused: new ReusedTokens(parts), attempts: new RateLimit(clock, { burst: parts.attempts_per_minute, refill_ms: 60_000 / parts.attempts_per_minute }) });
  const server = await AgentServer.start({
    clock, log, authority, admission, enrol: (authorization, request, from) => enrolment.enrol(authorization, request, from),
    routes: agentRoutes({ renewal: new Renewal(issuing), sessions }),
  }, { host: settings.host, port: settings.port, hostname: new URL(settings.publicUrl ?? 'https://localhost').hostname });
  const watch = new ConnectionWatch({ ...parts, admission, connected: server.connections });
  const renewing = new Loop({ name: 'certificate of the agent port', idle_ms: RENEWAL_CHECK_MS, busy_ms: RENEWAL_CHECK_MS, log }, () => server.renewWhenDue());
  const loops: readonly Loop[] = [watch.loop, renewing, ...sessions.loops];
  const listener = new Listener(databaseUrl, { [AGENTS_CHANNEL]: (payload) => {
    const hint = agentHintOf(payload);
    if (hint === null) return;
    if (hint.about === 'state') watch.changed(hint.tenant_id, hint.agent_id);
    sessions.wake(hint);
  } }, (error) => {
    log.warn({ err: error }, 'nothing is heard of agents from the database; it is tried again');
    // It tries every half second and says so each time: after the last failure it listens again, and what was missed is looked for.
    setTimeout(() => sessions.wakeAll(), RESYNC_MS).unref();
  });
  try {
    await listener.start();
  } catch (error) {
    // It is tried again, and then needs the port.
    await server.stop();
    throw error;
  }
  for (const loop of loops) loop.start();
  return {
    cell: { url: settings.publicUrl ?? `https://localhost:${server.port}`, ca_sha256: pinOf(authority) },
    stop: async () => {
      await server.stop();
      await Promise.all([listener.stop(), ...loops.map((loop) => loop.stop())]);
    },
  };
}

/** What agents know the cell by. */
function pinOf({ certificate_pem }: CertificateAuthority): string {
  return hash('sha256', new X509Certificate(certificate_pem).raw, 'hex');
}
