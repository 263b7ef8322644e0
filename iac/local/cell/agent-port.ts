import { DEFAULTS } from '../config.ts';
import type { DataFolder } from './data-folder.ts';
import { CellError } from './errors.ts';
import { anyFreePort, requireFreePort } from './ports.ts';

/**
 * The port that agents dial: agents are told it when they enrol, so it stays what it was at the first start.
 * @param asked 0: any that is free; undefined: the usual one, or another where that is taken
 * @throws CellError `usage`, `port_taken`
 */
export async function keptAgentPort(folder: Pick<DataFolder, 'readKept' | 'keep'>, asked: number | undefined): Promise<number> {
  const kept = await folder.readKept<{ agent_port: number }>('agent-port', ['agent_port']);
  const port = asked === undefined || asked === 0 ? kept?.agent_port ?? await aPort(asked) : asked;
  if (kept !== undefined && kept.agent_port !== port) {
    throw new CellError('usage', `The agents of this cell dial port ${kept.agent_port}. Start with --agent-port ${kept.agent_port}, or begin anew with --fresh.`);
  }
  await requireFreePort(port, 'agents', '--agent-port');
  await folder.keep('agent-port', { agent_port: port });
  return port;
}

async function aPort(asked: number | undefined): Promise<number> {
  if (asked === 0) return anyFreePort();
  return requireFreePort(DEFAULTS.agentPort, 'agents', '--agent-port').then(() => DEFAULTS.agentPort, () => anyFreePort());
}
