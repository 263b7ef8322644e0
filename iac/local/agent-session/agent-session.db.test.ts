import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '@countersign/agent/config/read-config.ts';
import { enrol } from '@countersign/agent/enrolment/enrol.ts';
import { runAgent } from '@countersign/agent/run.ts';
import { readStatus } from '@countersign/agent/status/status-file.ts';
import { AgentPort } from '@countersign/control-plane/agents/testing/agent-port.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
}

let port: AgentPort;
beforeAll(async () => { port = await AgentPort.start({ COUNTERSIGN_AGENT_CERTIFICATE_SECONDS: '10' }); });
afterAll(() => port.stop());

/** What the agent logs, and who waits for it. */
class Log {
  readonly lines: Line[] = [];
  readonly logger = createLogger('agent', 'info', { write: (line) => this.#add(JSON.parse(line) as Line) });
  #awaiting: Array<() => void> = [];

  async until(holds: (lines: readonly Line[]) => boolean): Promise<void> {
    while (!holds(this.lines)) await new Promise<void>((resolve) => this.#awaiting.push(resolve));
  }

  #add(line: Line): void {
    this.lines.push(line);
    for (const resolve of this.#awaiting.splice(0)) resolve();
  }
}

const renewals = (lines: readonly Line[]): number => lines.filter(({ msg }) => msg === 'The certificate was renewed').length;

it('the agent and the cell\'s own agent port: enrolled, renewed twice without a call that failed, enrolled again as the same, and gone when it is revoked', async () => {
  const config = readConfig('agent.yaml', `{ state_dir: ${join(mkdtempSync(join(tmpdir(), 'agent-')), 'state')}, spool: { limit_bytes: 16777216, reserve_bytes: 1048576 } }`, {});
  const enrolment = { state_dir: config.state_dir, proxy: null, about: { version: '0.1.0', platform: 'linux-x64', labels: {}, capacity: 8 } };
  const { agent_id } = await enrol({ ...enrolment, token: await port.token() });

  const [log, stopping] = [new Log(), Promise.withResolvers<string>()];
  const running = runAgent({ config, env: {}, log: log.logger, stopping: stopping.promise });
  await log.until((lines) => renewals(lines) === 2);
  stopping.resolve('SIGTERM');
  expect(await running).toEqual({ kind: 'stopped', reason: 'SIGTERM' });
  expect(log.lines.filter(({ msg }) => /could not be (asked|delivered|renewed)/.test(msg))).toEqual([]);
  expect(await readStatus(config.state_dir)).toMatchObject({ state: 'stopped', spool: { seq: 2 } });

  expect((await enrol({ ...enrolment, again: true, token: await port.token() })).agent_id).toBe(agent_id);
  const [logAgain, never] = [new Log(), Promise.withResolvers<string>()];
  const again = runAgent({ config, env: {}, log: logAgain.logger, stopping: never.promise });
  await logAgain.until((lines) => lines.some(({ msg }) => msg === 'Connected to the cell'));
  await port.revoke(agent_id);
  expect(await again).toMatchObject({ kind: 'dismissed', error: { problem: { code: 'agent_revoked' } } });
}, 60_000);
