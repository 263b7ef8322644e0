import { AGENT_PATHS } from '@countersign/contracts/agent/protocol.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import { SecretError } from '../credentials/errors.ts';
import type { Environment } from '../credentials/secret-ref.ts';
import { clientIdentityOf } from '../enrolment/identity.ts';
import type { AgentKeys, Identity } from '../enrolment/identity.ts';
import { addressesOf } from '../session/addresses-of.ts';
import { CellConnection } from '../session/cell-connection.ts';
import type { Answer } from '../session/cell-connection.ts';
import type { SessionProxy } from '../session/dial.ts';
import { SessionError } from '../session/errors.ts';
import { sessionProxy } from '../session/session-proxy.ts';

/** The stretches of the way, each of which needs those before it. */
export const STRETCHES = ['dns', 'proxy', 'port', 'ca', 'clock'] as const;
export type Stretch = (typeof STRETCHES)[number];

/** How far one got: what was found on each stretch, and where and why it ended. */
export interface Way {
  readonly url: URL;
  /** The first name that has to be resolved: of the proxy, where there is one. */
  readonly host: string;
  readonly addresses: readonly string[];
  readonly brokenAt: Stretch | null;
  readonly why: string | null;
  /** What the cell said when it was asked for the policy of this agent. */
  readonly answer: Pick<Answer, 'status' | 'headers' | 'body'> | null;
}

const ANSWER_MS = 20_000;
const BUNDLE_BYTES = 32 * 1024 * 1024;
const DATES = ['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'];

/** Goes the way to the cell as the agent does, and asks one question there that changes nothing. */
export async function wayToCell(identity: Identity, keys: AgentKeys, { control_plane }: Pick<AgentConfig, 'control_plane'>, env: Environment): Promise<Way> {
  const url = new URL(identity.cell_url);
  const host = control_plane.proxy === null ? url.hostname : new URL(control_plane.proxy.url).hostname;
  const addresses = await addressesOf(host);
  const so: Way = { url, host, addresses, brokenAt: null, why: null, answer: null };
  if (addresses.length === 0) return { ...so, brokenAt: 'dns', why: `${host} is no name that this machine can resolve` };
  try {
    return { ...so, answer: await asked(url, identity, keys, await sessionProxy(control_plane, env)) };
  } catch (error) {
    return { ...so, brokenAt: stretchOf(error), why: error instanceof Error ? error.message : String(error) };
  }
}

async function asked(url: URL, identity: Identity, keys: AgentKeys, proxy: SessionProxy | null): Promise<Answer> {
  const connection = await CellConnection.open({ url, ca_pem: identity.ca_pem, proxy }, clientIdentityOf(identity, keys));
  try {
    return await connection.ask({ method: 'GET', path: `${AGENT_PATHS.policy}/${identity.policy_scope}`, timeout_ms: ANSWER_MS, max_bytes: BUNDLE_BYTES });
  } finally {
    connection.close();
  }
}

function stretchOf(error: unknown): Stretch {
  // The credential of the proxy is the only one on this way.
  if (error instanceof SecretError) return 'proxy';
  if (!(error instanceof SessionError)) throw error;
  const cause = (error.cause as { code?: string } | undefined)?.code;
  if (error.code === 'proxy_unreachable' || error.code === 'proxy_refused') return 'proxy';
  // Otherwise it is no certificate that is wrong, but what is spoken.
  if (error.code === 'cell_untrusted' && cause !== undefined && !/^(EPROTO$|ERR_SSL_)/.test(cause)) return DATES.includes(cause) ? 'clock' : 'ca';
  return 'port';
}
