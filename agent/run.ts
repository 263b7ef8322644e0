import { X509Certificate } from 'node:crypto';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { within } from './clock/waits.ts';
import type { AgentConfig } from './config/agent-config.ts';
import type { Environment } from './credentials/secret-ref.ts';
import { EnrolmentError } from './enrolment/errors.ts';
import { loadEnrolment } from './enrolment/identity.ts';
import { isExpired } from './enrolment/renew.ts';
import type { SessionError } from './session/errors.ts';
import { SpoolError } from './spool/errors.ts';
import { StatusWriter } from './status/status-writer.ts';
import { AGENT_VERSION } from './version.ts';
import { wireAgent } from './wiring.ts';
import type { AgentParts } from './wiring.ts';

export interface RunOptions {
  readonly config: AgentConfig;
  readonly env: Environment;
  readonly log: Logger;
  /** Resolves with the reason, such as the signal's name, when the agent is to end. */
  readonly stopping: Promise<string>;
  /** This machine's clock. */
  readonly machine?: () => Date;
}

/** How a run has ended. */
export type RunEnd =
  | { readonly kind: 'stopped'; readonly reason: string }
  /** Another version is to run. */
  | { readonly kind: 'switched' }
  /** The cell has let go of this agent: a person has to see to it. */
  | { readonly kind: 'dismissed'; readonly error: SessionError };

/** A clock of this machine that is off by less may be the reason why a certificate looks expired: then the cell is asked. */
const CLOCK_OFF_MS = 15 * 60_000;
/** What is still to be delivered when everything has ended is delivered by the next start, too. */
const FAREWELL_MS = 5_000;
/** No order is under way for longer: a version that works can wait for them. */
const SWITCH_PATIENCE_MS = 15 * 60_000;

/**
 * Runs the agent of a folder until it is stopped: takes up what was under way when it last ended, and lets what is under way end before it does.
 * @throws EnrolmentError, SpoolError
 */
export async function runAgent({ config, env, log, stopping, machine = () => new Date() }: RunOptions): Promise<RunEnd> {
  await requireCertificate(config.state_dir, machine());
  const ended = Promise.withResolvers<RunEnd>();
  const agent = await wireAgent({
    config, env, log, machine, onEnd: (error) => ended.resolve({ kind: 'dismissed', error }), onSwitch: () => ended.resolve({ kind: 'switched' }),
  });
  const status = new StatusWriter(config, agent, log, machine);
  const { agent_id, cell_url, pool } = agent.held.now;
  log.info({ agent_id, cell: cell_url, pool, version: AGENT_VERSION }, 'The agent starts');
  await told(log, agent.spool.append('agent.started', { version: AGENT_VERSION }));
  await agent.policy.start();
  await agent.runner.resume();
  agent.session.start();
  status.start();
  const end = await Promise.race([stopping.then((reason) => ({ kind: 'stopped', reason }) as const), ended.promise]);
  const reason = reasonOf(end);
  log.info({ reason }, 'The agent ends what is under way');
  await status.write('draining');
  await finish(agent, reason, timeFor(end, config), log);
  await status.stop();
  log.info({ reason }, 'The agent has ended');
  return end;
}

function reasonOf(end: RunEnd): string {
  if (end.kind === 'stopped') return end.reason;
  return end.kind === 'switched' ? 'another version' : end.error.problem?.code ?? end.error.code;
}

/** For what is under way to end, and for what came of it to be delivered. */
interface TimeToEnd {
  readonly patience_ms: number;
  readonly farewell_ms: number;
}

function timeFor({ kind }: RunEnd, { shutdown_s }: AgentConfig): TimeToEnd {
  // A cell that has let go of this agent takes nothing more of it.
  if (kind === 'dismissed') return { patience_ms: 0, farewell_ms: 0 };
  return { patience_ms: kind === 'switched' ? SWITCH_PATIENCE_MS : shutdown_s * 1_000, farewell_ms: FAREWELL_MS };
}

/** No clock is so far off: it has expired, and only a person can have another one made. */
async function requireCertificate(state_dir: string, now: Date): Promise<void> {
  const { identity } = await loadEnrolment(state_dir);
  if (!isExpired(identity, new Date(now.getTime() - CLOCK_OFF_MS))) return;
  const until = new X509Certificate(identity.certificate_pem).validToDate.toISOString();
  throw new EnrolmentError('certificate_expired', `The certificate of ${identity.agent_id} has expired on ${until}, and an expired one cannot be renewed. \
Get a token (console: Agents) and run: countersign-agent enroll --again. What waits to be delivered stays.`);
}

async function finish({ session, runner, policy, spool, upgrades }: AgentParts, reason: string, { patience_ms, farewell_ms }: TimeToEnd, log: Logger): Promise<void> {
  upgrades.stop();
  session.drain();
  await within(patience_ms, runner.idle());
  await runner.close();
  await told(log, spool.append('agent.stopped', { reason }));
  if (session.view.connected) await within(farewell_ms, session.caughtUp());
  await session.stop();
  await policy.close();
  spool.close();
}

/** On a full disk, or of a spool that is damaged, an agent runs all the same: it delivers what can be delivered, and says how it is. */
async function told(log: Logger, entry: Promise<number>): Promise<void> {
  await entry.catch((error: unknown) => {
    if (!(error instanceof SpoolError)) throw error;
    log.warn({ err: error }, 'That the agent starts or stops could not be written down for the cell');
  });
}
