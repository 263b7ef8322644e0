import { readFile } from 'node:fs/promises';
import type { AgentConfig } from '../config/agent-config.ts';
import { resolveSecret } from '../credentials/secret-ref.ts';
import type { Environment } from '../credentials/secret-ref.ts';
import type { SessionProxy } from './dial.ts';
import { SessionError } from './errors.ts';

/**
 * The proxy that the configuration names, with its credential as it is now: it is read anew for each connection, so that a password may change.
 * @throws SecretError, SessionError `proxy_refused` its CA file cannot be read
 */
export async function sessionProxy({ proxy }: AgentConfig['control_plane'], env: Environment): Promise<SessionProxy | null> {
  if (proxy === null) return null;
  const { protocol, hostname, port } = new URL(proxy.url);
  const isTls = protocol === 'https:';
  const [username, password] = [proxy.username, proxy.password];
  const authorization = username === undefined ? null
    : `Basic ${Buffer.from(`${await resolveSecret(username, env)}:${password === undefined ? '' : await resolveSecret(password, env)}`).toString('base64')}`;
  const tls = isTls ? { ca_pem: proxy.ca_file === undefined ? null : await caOf(proxy.ca_file) } : null;
  return { hostname, port: Number(port === '' ? (isTls ? 443 : 80) : port), authorization, resolvesNames: true, tls };
}

function caOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new SessionError('proxy_refused', `control_plane.proxy.ca_file ${file} cannot be read (${cause.code ?? 'unknown'}).`, { cause });
  });
}
