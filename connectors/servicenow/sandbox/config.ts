/** The settings of the sandbox process: the one place that reads its environment. */
import { SandboxError } from './errors.ts';
import type { SandboxOptions } from './server.ts';

const DEFAULT_ADMIN_PASSWORD = 'sandbox-admin';
const DEFAULT_INTEGRATION_PASSWORD = 'sandbox-integration';
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/** Reads `SANDBOX_*`. Throws `sandbox_config_invalid`, naming the variable, where one cannot be used. */
export function readConfig(environment: Readonly<Record<string, string | undefined>> = process.env): SandboxOptions {
  const read = (name: string): string | undefined => {
    const value = environment[`SANDBOX_${name}`];
    return value === undefined || value === '' ? undefined : value;
  };
  const host = read('HOST') ?? '127.0.0.1';
  const options: SandboxOptions = {
    port: wholeNumber('PORT', read('PORT'), 8090, 0, 65_535),
    host,
    dataDir: read('DATA_DIR'),
    seed: wholeNumber('SEED', read('SEED'), 20_260_101, 0, 2_147_483_647),
    incidents: wholeNumber('INCIDENTS', read('INCIDENTS'), 2000, 0, 200_000),
    admin: { user: read('ADMIN_USER') ?? 'admin', password: read('ADMIN_PASSWORD') ?? DEFAULT_ADMIN_PASSWORD },
    integration: { user: read('INTEGRATION_USER') ?? 'countersign.integration', password: read('INTEGRATION_PASSWORD') ?? DEFAULT_INTEGRATION_PASSWORD },
    oauth: pair(read, 'OAUTH_CLIENT_ID', 'OAUTH_CLIENT_SECRET', (clientId, clientSecret) => ({ clientId, clientSecret })),
    apiKey: read('API_KEY'),
    consoleOrigin: origin(read('CONSOLE_ORIGIN')),
    webhook: pair(read, 'WEBHOOK_URL', 'WEBHOOK_SECRET', webhook),
    tls: clientCertificates(read('TLS')),
  };
  if (!LOOPBACK.has(host)) assertOwnPasswords(options, host);
  return options;
}

/** The documented passwords are for one's own machine: a sandbox that others can reach needs its own. */
function assertOwnPasswords(options: SandboxOptions, host: string): void {
  if (options.admin?.password === DEFAULT_ADMIN_PASSWORD) throw invalid('ADMIN_PASSWORD', `must be set because SANDBOX_HOST is ${host}, which others can reach`);
  if (options.integration?.password === DEFAULT_INTEGRATION_PASSWORD) throw invalid('INTEGRATION_PASSWORD', `must be set because SANDBOX_HOST is ${host}, which others can reach`);
}

function webhook(url: string, secret: string): { url: string; secret: string } {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw invalid('WEBHOOK_URL', 'must be an http or https URL');
  if (!/^whsec_[A-Za-z0-9+/]+=*$/.test(secret)) throw invalid('WEBHOOK_SECRET', 'must be whsec_ followed by base64');
  return { url, secret };
}

function clientCertificates(text: string | undefined): SandboxOptions['tls'] {
  if (text === undefined || text === 'optional' || text === 'required') return text;
  throw invalid('TLS', 'must be optional or required, which says whether callers must show a client certificate');
}

function origin(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || new URL(url).origin !== url) throw invalid('CONSOLE_ORIGIN', 'must be an origin such as http://localhost:8080');
  return url;
}

function pair<T>(read: (name: string) => string | undefined, first: string, second: string, make: (first: string, second: string) => T): T | undefined {
  const [one, two] = [read(first), read(second)];
  if (one === undefined && two === undefined) return undefined;
  if (one === undefined) throw invalid(first, `must be set too where SANDBOX_${second} is`);
  if (two === undefined) throw invalid(second, `must be set too where SANDBOX_${first} is`);
  return make(one, two);
}

function wholeNumber(name: string, text: string | undefined, otherwise: number, low: number, high: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) throw invalid(name, `must be a whole number from ${low} to ${high}`);
  return value;
}

function invalid(name: string, rule: string): SandboxError {
  return new SandboxError('sandbox_config_invalid', `SANDBOX_${name} ${rule}`);
}
