import { readFile } from 'node:fs/promises';
import type { CredentialVault, CredentialValue } from '@countersign/connectors/gateway/ports.ts';
import type { ConnectionOptions } from '@countersign/platform/egress/connection-settings.ts';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import { EgressError } from '@countersign/platform/egress/errors.ts';
import { AGENT_CONNECTORS } from '../../connectors.ts';
import type { ConnectionConfig } from '../../config/agent-config.ts';
import { hostOf } from '../../config/host-of.ts';
import { SecretError } from '../../credentials/errors.ts';
import { credentialIds, localVault } from '../../credentials/local-vault.ts';
import { ill, well } from '../finding.ts';
import type { Examined, Seen } from '../finding.ts';

const ANSWER_MS = 10_000;

/** Whether each connection has its connector and its credential, and what is behind it answers. Nobody is signed in with. */
export async function connector({ config: { connections }, env }: Examined): Promise<Seen> {
  if (connections.length === 0) return ill('there are no connections', 'Name what the agent reaches under connections in its settings: docs/reference/agent-config.md');
  const vault = localVault(connections, env, () => performance.now());
  const seen = await Promise.all(connections.map((connection) => lookedAt(connection, vault)));
  const wrong = seen.filter(({ ok }) => ok === false);
  if (wrong.length === 0) return well(seen.map(({ found }) => found).join('; '));
  return ill(wrong.map(({ found }) => found).join('; '), wrong.map(({ fix }) => fix).join(' '));
}

async function lookedAt(connection: ConnectionConfig, vault: CredentialVault): Promise<Seen> {
  const { name, connector: type, base_url } = connection;
  if (!AGENT_CONNECTORS.has(type)) {
    return ill(`${name}: there is no connector ${type} in this agent`, `There are ${[...AGENT_CONNECTORS.keys()].join(', ')}. Correct connections.${name}.connector, or take a newer agent.`);
  }
  try {
    if (connection.credential.kind !== 'none') await vault.borrow('', credentialIds.own(name));
    const status = await answerOf(connection, await settingsOf(connection, vault));
    return well(`${name}: ${base_url} answers (${status})`);
  } catch (error) {
    return ill(`${name}: ${error instanceof Error ? error.message : String(error)}`, fixOf(error, connection));
  }
}

function fixOf(error: unknown, connection: ConnectionConfig): string {
  const { name, base_url } = connection;
  if (error instanceof SecretError) return `See to the credential of connections.${name}: the agent's user has to be able to read it.`;
  if (!(error instanceof EgressError)) return `Correct connections.${name}.`;
  return FIXES[error.code]?.(connection) ?? `See whether ${base_url} can be reached from this machine, and correct connections.${name}.`;
}

const FIXES: Readonly<Record<string, (connection: ConnectionConfig) => string>> = {
  host_not_allowed: ({ name }) => `Name the host in connections.${name}.allowed_hosts, as host:port.`,
  address_not_allowed: ({ name, base_url }) => `It is an address of an inner network: name ${hostOf(base_url)} in connections.${name}.allowed_hosts.`,
  name_not_resolved: ({ name, base_url }) => `Have ${new URL(base_url).hostname} resolved on this machine, or correct connections.${name}.base_url.`,
  tls_failed: ({ name }) => `Name the authority of its certificate in connections.${name}.ca_file, or have the certificate put right.`,
  proxy_refused: ({ name }) => `Correct connections.${name}.proxy: its url, username and password.`,
};

/** Any answer will do: it is there, and it is it, as far as TLS can tell. */
async function answerOf({ base_url, allowed_hosts }: ConnectionConfig, connection: ConnectionOptions): Promise<number> {
  const egress = createEgress({
    baseUrl: base_url, allowedHosts: [...allowed_hosts ?? [hostOf(base_url)]], declaredHosts: ['{instance}'], connection,
    limits: { connect_timeout_ms: ANSWER_MS, header_timeout_ms: ANSWER_MS, total_timeout_ms: 2 * ANSWER_MS, redirects: 0 },
  });
  try {
    const { status } = await egress.request({ method: 'GET', path: '/' });
    return status;
  } catch (error) {
    // It answered, with more or elsewhere than is read here.
    if (error instanceof EgressError && ['redirect_not_allowed', 'response_too_large'].includes(error.code)) return 300;
    throw error;
  } finally {
    await egress.close();
  }
}

async function settingsOf({ name, ca_file, client_certificate, proxy }: ConnectionConfig, vault: CredentialVault): Promise<ConnectionOptions> {
  const own = client_certificate === undefined ? undefined : await borrowed(vault, credentialIds.certificate(name), 'client_certificate');
  const credential = proxy?.username === undefined ? undefined : await borrowed(vault, credentialIds.proxy(name), 'basic');
  return {
    ...(ca_file === undefined ? {} : { caPem: await readFile(ca_file, 'utf8') }),
    ...(own === undefined ? {} : { clientCertificate: own }),
    ...(proxy === undefined ? {} : { proxy: { url: proxy.url, credential, resolvesNames: proxy.resolves_names } }),
  };
}

type Borrowed<Kind> = Extract<CredentialValue, { kind: Kind }>;

async function borrowed<Kind extends CredentialValue['kind']>(vault: CredentialVault, id: string, kind: Kind): Promise<Borrowed<Kind> | undefined> {
  const value = await vault.borrow('', id);
  return value.kind === kind ? value as Borrowed<Kind> : undefined;
}
