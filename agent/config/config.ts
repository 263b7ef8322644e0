import { readFile } from 'node:fs/promises';
import type { AgentConfig } from './agent-config.ts';
import { ConfigError } from './errors.ts';
import { readConfig } from './read-config.ts';
import type { Environment } from '../credentials/secret-ref.ts';

export const DEFAULT_CONFIG_FILE = '/etc/countersign/agent.yaml';

/** The one place where the agent looks at its environment. */
export function environment(): Environment {
  return process.env;
}

/**
 * The settings: of `file`, else of `COUNTERSIGN_AGENT_CONFIG`, else of the usual place, where there need not be one if the environment says enough.
 * @throws ConfigError
 */
export async function loadConfig(file: string | undefined, env: Environment): Promise<AgentConfig> {
  const named = file ?? env.COUNTERSIGN_AGENT_CONFIG;
  const path = named ?? DEFAULT_CONFIG_FILE;
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (named === undefined && cause.code === 'ENOENT') return '';
    throw new ConfigError(path, [`It cannot be read (${cause.code ?? 'unknown'}). Name another with --config or COUNTERSIGN_AGENT_CONFIG.`]);
  });
  return readConfig(path, text, env);
}
