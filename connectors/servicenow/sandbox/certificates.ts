/**
 * The sandbox's own certificate authority for `--tls`: a certificate for the server and one for the integration user, made with the
 * `openssl` command. Kept where records are kept, so that a stored client certificate outlives a restart.
 */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { SandboxError } from './errors.ts';

export interface SandboxCertificates {
  /** Holds `ca.pem`, `client.pem`, `client.key` and the server's. */
  readonly folder: string;
  readonly caPem: string;
  readonly server: KeyPair;
  /** Its common name is the integration user's name, which is how the sandbox maps it. */
  readonly client: KeyPair;
}

export interface KeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const DAYS = 30;
const LEFT_MS = 24 * 3_600_000;

/** Reads the certificates of `folder`, made anew where there are none or they end within a day. Throws `sandbox_tls_unavailable`. */
export function sandboxCertificates(folder: string, names: { readonly host: string; readonly user: string }): SandboxCertificates {
  if (!areUsable(folder, names)) make(folder, names);
  const pair = (name: string): KeyPair => ({ certificatePem: read(folder, `${name}.pem`), privateKeyPem: read(folder, `${name}.key`) });
  return { folder, caPem: read(folder, 'ca.pem'), server: pair('server'), client: pair('client') };
}

function areUsable(folder: string, { host, user }: { readonly host: string; readonly user: string }): boolean {
  const files = ['ca.pem', 'server.pem', 'server.key', 'client.pem', 'client.key'];
  if (!files.every((file) => existsSync(join(folder, file)))) return false;
  const [ca, server, client] = ['ca.pem', 'server.pem', 'client.pem'].map((file) => new X509Certificate(read(folder, file)));
  const last = [ca, server, client].every((certificate) => (certificate?.validToDate.getTime() ?? 0) > Date.now() + LEFT_MS);
  return last && client?.subject === `CN=${user}` && (isIP(host) === 0 ? server?.checkHost(host) : server?.checkIP(host)) !== undefined;
}

function make(folder: string, { host, user }: { readonly host: string; readonly user: string }): void {
  if (!/^[\w.@-]{1,64}$/.test(user)) throw new SandboxError('sandbox_tls_unavailable', `the integration user ${JSON.stringify(user)} cannot stand in a certificate; use letters, digits, dots, dashes and @ only`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const at = (file: string): string => join(folder, file);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=Countersign ServiceNow sandbox', '-days', String(DAYS), '-addext', 'basicConstraints=critical,CA:TRUE');
  const issue = (name: string, subject: string, extensions: string): void => {
    openssl('req', ...key, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=${subject}`);
    writeFileSync(at(`${name}.ext`), extensions);
    openssl('x509', '-req', '-in', at(`${name}.csr`), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', String(DAYS), '-extfile', at(`${name}.ext`), '-out', at(`${name}.pem`));
    chmodSync(at(`${name}.key`), 0o600);
  };
  const alternatives = new Set(['DNS:localhost', 'IP:127.0.0.1', 'IP:::1', `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`]);
  issue('server', 'localhost', `extendedKeyUsage=serverAuth\nsubjectAltName=${[...alternatives].join(',')}\n`);
  issue('client', user, 'extendedKeyUsage=clientAuth\n');
}

function openssl(...args: string[]): void {
  try {
    execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (cause) {
    throw new SandboxError('sandbox_tls_unavailable', 'the certificates for --tls could not be made; install openssl, or start without --tls', { cause });
  }
}

function read(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}
