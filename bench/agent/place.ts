import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AgentBenchError } from './errors.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A cell and an agent on one machine, and one ServiceNow sandbox that both reach: by the cell's own instance in `here`, by the agent's in `there`. */
export interface BenchPlace {
  readonly url: string;
  readonly api_key: string;
  readonly agent_pid: number;
  readonly agent_version: string;
  readonly here: 'dev';
  readonly there: 'staging';
  readonly pool: string;
  readonly sandbox_url: string;
  readonly sandbox_admin_password: string;
}

/** A process of its own, because only iac/local starts servers. @param agentFile the agent's binary; null: it is built */
export async function startPlace(agentFile: string | null): Promise<BenchPlace & { stop(): Promise<void> }> {
  const child = spawn(process.execPath, [path.join(ROOT, 'iac/local/agent-proof/beside-main.ts'), ...(agentFile === null ? [] : ['--agent', agentFile])], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => { throw new AgentBenchError('place_ended', `The cell with its agent ended with ${code}; why stands above.`); });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>, ended]);
  ended.catch(() => undefined);
  return {
    ...JSON.parse(line) as BenchPlace,
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
