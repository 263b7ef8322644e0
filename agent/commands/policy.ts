import type { AgentConfig } from '../config/agent-config.ts';
import { loadConfig } from '../config/config.ts';
import { spoolOptionsOf } from '../config/spool-options.ts';
import { loadEnrolment } from '../enrolment/identity.ts';
import { KeptBundles } from '../policy/kept-bundle.ts';
import { openExisting } from '../spool/open-spool.ts';
import { isRunning, readStatus } from '../status/status-file.ts';
import { COMMON_OPTIONS, COMMON_USAGE, EXIT, optionOf } from './command.ts';
import type { Command, Given } from './command.ts';

/** What is known of the policy of a scope, from the agent that runs or from what it keeps. */
interface PolicyReport {
  readonly scope: string;
  readonly running: boolean;
  /** `fresh`: it decides. Everything else denies. `kept`: it would decide until `expires_at` if the agent started now. */
  readonly state: 'fresh' | 'stale' | 'missing' | 'invalid' | 'kept';
  readonly seq: number | null;
  readonly expires_at: string | null;
}

export const policy: Command = {
  usage: `Usage: countersign-agent policy [--config FILE] [--json]

By which bundle the agent decides, and until when without its cell. Without a fresh bundle everything is denied. Exit code 1: no bundle
decides.

${COMMON_USAGE}
`,
  options: COMMON_OPTIONS,

  async run(given: Given): Promise<number> {
    const config = await loadConfig(optionOf(given, 'config'), given.env);
    const { identity: { policy_scope } } = await loadEnrolment(config.state_dir);
    const reports = await running(config.state_dir) ?? [await kept(config, policy_scope)];
    given.print(given.options.json === true ? JSON.stringify({ policy: reports }) : reports.map(told).join('\n'));
    return reports.every(({ state }) => state === 'fresh' || state === 'kept') ? EXIT.done : EXIT.failed;
  },
};

async function running(state_dir: string): Promise<readonly PolicyReport[] | null> {
  const status = await readStatus(state_dir);
  if (status === null || !isRunning(status, new Date())) return null;
  return status.policy.map(({ scope, state, seq, expires_at }) => ({ scope, running: true, state, seq, expires_at }));
}

async function kept(config: AgentConfig, scope: string): Promise<PolicyReport> {
  const spool = await openExisting(spoolOptionsOf(config));
  try {
    const bundles = new KeptBundles(spool, scope);
    const bundle = await bundles.read();
    if (bundle === null) return { scope, running: false, state: 'missing', seq: null, expires_at: null };
    const expires_at = new Date(bundle.confirmed_at.getTime() + config.policy.ttl_s * 1_000);
    return { scope, running: false, state: expires_at > new Date() ? 'kept' : 'stale', seq: await bundles.highestSeq(), expires_at: expires_at.toISOString() };
  } finally {
    spool.close();
  }
}

function told({ scope, running: isUp, state, seq, expires_at }: PolicyReport): string {
  const says = {
    fresh: `number ${seq} decides`,
    kept: `number ${seq} is kept, and would decide`,
    stale: `number ${seq} is older than it may be: everything is denied until the cell confirms it`,
    missing: 'there is none: everything is denied',
    invalid: 'what the cell serves is refused: everything is denied',
  }[state];
  const until = expires_at === null || state === 'stale' ? '' : ` until ${expires_at} without the cell`;
  return `Policy of ${scope}: ${says}${until}${isUp ? '' : ' (the agent does not run)'}`;
}
