import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { INTEGRATION_USER } from '../cell/seed.ts';
import { ROOT } from '../config.ts';
import { SandboxClient } from '../demo/sandbox-client.ts';
import { startInside } from './child-inside.ts';
import { SERVICENOW_ADDRESS, SERVICENOW_NAME } from './network.ts';
import type { AgentNetwork } from './network.ts';

/** A system of record that the cell cannot reach and that calls nobody. */
export interface ServiceNowInside {
  /** As the agent reaches it. */
  readonly url: string;
  readonly port: number;
  readonly integrationUser: string;
  readonly integrationPassword: string;
  /** For its own people, by a door that the agent does not have. */
  readonly client: SandboxClient;
  stop(): Promise<void>;
}

const PORT = 8090;

/** Starts the ServiceNow sandbox in its namespace, without webhooks. @param folder for its records and its door */
export async function startServiceNowInside({ servicenow }: AgentNetwork, folder: string): Promise<ServiceNowInside> {
  const [integrationPassword, adminPassword] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')];
  const door = path.join(folder, 'servicenow.sock');
  const sandbox = await startInside(servicenow, {
    file: path.join(ROOT, 'connectors/servicenow/sandbox/main.ts'), logFile: path.join(folder, 'servicenow.log'),
    env: {
      SANDBOX_PORT: String(PORT), SANDBOX_HOST: SERVICENOW_ADDRESS, SANDBOX_DATA_DIR: path.join(folder, 'servicenow'),
      SANDBOX_INTEGRATION_USER: INTEGRATION_USER, SANDBOX_INTEGRATION_PASSWORD: integrationPassword, SANDBOX_ADMIN_USER: 'admin', SANDBOX_ADMIN_PASSWORD: adminPassword,
    },
  });
  const opened = await startInside(servicenow, {
    file: path.join(import.meta.dirname, 'door-main.ts'), order: { from: door, to: { host: SERVICENOW_ADDRESS, port: PORT } }, logFile: path.join(folder, 'doors.log'),
  });
  const url = `http://${SERVICENOW_NAME}:${PORT}`;
  return {
    url, port: PORT, integrationUser: INTEGRATION_USER, integrationPassword, client: new SandboxClient(url, adminPassword, door),
    stop: async () => { await Promise.all([opened.stop(), sandbox.stop()]); },
  };
}
