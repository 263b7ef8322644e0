import { X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { AgentConfig } from '../config/agent-config.ts';
import { loadConfig } from '../config/config.ts';
import { enrol } from '../enrolment/enrol.ts';
import { EnrolmentError } from '../enrolment/errors.ts';
import type { Identity } from '../enrolment/identity.ts';
import { sessionProxy } from '../session/session-proxy.ts';
import { isRunning, readStatus } from '../status/status-file.ts';
import { AGENT_VERSION, PLATFORM } from '../version.ts';
import { COMMON_OPTIONS, COMMON_USAGE, EXIT, optionOf } from './command.ts';
import type { Command, Given } from './command.ts';

const TOKEN_BYTES = 4_096;

export const enroll: Command = {
  usage: `Usage: countersign-agent enroll [--token-file FILE] [--again] [--config FILE] [--json]

Makes this machine an agent of a cell. The token is made in the console (Agents) or by \`countersign agents token\`, works once and
for ten minutes; it is read from standard input, from FILE or from COUNTERSIGN_AGENT_ENROLMENT_TOKEN, and never from the command line.
The keys are made here, in state_dir, and never leave it.

  --token-file FILE   holds the token
  --again             where there is an agent already: its certificate has expired, say. What it has to deliver stays.
${COMMON_USAGE}
`,
  options: { ...COMMON_OPTIONS, 'token-file': { type: 'string' }, again: { type: 'boolean' } },

  async run(given: Given): Promise<number> {
    const { options, env, print } = given;
    const config = await loadConfig(optionOf(given, 'config'), env);
    const again = options.again === true;
    if (again) await requireStopped(config);
    const identity = await enrol({
      state_dir: config.state_dir, token: await tokenOf(given), again, proxy: await sessionProxy(config.control_plane, env),
      ...(config.spool.key_file === undefined ? {} : { spool_key_file: config.spool.key_file }),
      about: { version: AGENT_VERSION, platform: PLATFORM, labels: config.labels, capacity: config.capacity },
    });
    print(options.json === true ? JSON.stringify(shortOf(identity)) : told(identity));
    return EXIT.done;
  },
};

/** An agent that runs would go on with what it was, and its spool must not be moved under it. */
async function requireStopped({ state_dir }: AgentConfig): Promise<void> {
  const last = await readStatus(state_dir);
  if (last !== null && isRunning(last, new Date())) throw new EnrolmentError('already_enrolled', `The agent of ${state_dir} runs (process ${last.pid}). Stop it first.`);
}

async function tokenOf(given: Given): Promise<string> {
  const file = optionOf(given, 'token-file');
  const variable = given.env.COUNTERSIGN_AGENT_ENROLMENT_TOKEN;
  if (file !== undefined) return fromFile(file);
  if (variable !== undefined) return variable;
  if (given.input.isTTY) given.say('Paste the enrolment token, press Enter and Ctrl-D:');
  return text(given.input);
}

async function fromFile(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TOKEN_BYTES), 0, TOKEN_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function shortOf({ agent_id, spiffe_id, cell_url, tenant, workspace, environment, pool, certificate_pem }: Identity): object {
  return {
    agent_id, spiffe_id, cell_url, tenant: tenant.slug, workspace: workspace.slug, environment: environment.name, pool,
    certificate_expires_at: new X509Certificate(certificate_pem).validToDate.toISOString(),
  };
}

function told({ agent_id, cell_url, tenant, workspace, environment, pool }: Identity): string {
  return `Enrolled as ${agent_id} with ${cell_url}: pool ${pool} of ${environment.name} in ${tenant.slug}/${workspace.slug}.
Now start it: countersign-agent run (or: systemctl start countersign-agent)`;
}
