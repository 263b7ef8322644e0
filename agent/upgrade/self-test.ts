import { readConfig } from '../config/read-config.ts';

/**
 * What `version --self-test` does: loads everything that an agent runs with, its packages of connectors included, and touches neither disk nor network. It throws
 * whatever keeps the agent from being started here.
 */
export async function selfTest(): Promise<void> {
  readConfig('self-test', 'state_dir: /var/empty', {});
  await Promise.all([import('../run.ts'), import('../connectors.ts'), import('@countersign/connectors/gateway/gateway.ts'), import('../spool/open-spool.ts'), import('../session/cell-connection.ts')]);
}
