import type { Fault } from '../http/fault-proxy.ts';
import { PROXY_PAGE } from '../http/fault-proxy.ts';
import type { SeenRequest } from '../http/fault-proxy.ts';
import type { Bench } from '../bench.ts';
import { demand } from '../failure.ts';
import { actionsOf, ready, told } from './check.ts';
import type { Check } from './check.ts';

interface Trouble {
  readonly what: string;
  readonly fault: Fault;
  /** Codes that say so. Models have words of their own for some. */
  readonly codes: readonly string[];
  readonly retryable: boolean;
  /** For a write that met it: whether its effect is known not to have happened. */
  readonly harmless: boolean;
  readonly retryAfterMs?: number;
}

const json = (status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({ kind: 'answer', status, type: 'application/json', body: '{"error":{"message":"refused"},"message":"refused"}', headers });

/** What every peer does sooner or later, and how it is told. Meaning of the status codes: RFC 9110, section 15; 429: RFC 6585, section 4. */
const TROUBLES: readonly Trouble[] = [
  { what: '401', fault: json(401), codes: ['peer_unauthenticated'], retryable: false, harmless: true },
  { what: '403', fault: json(403), codes: ['peer_forbidden'], retryable: false, harmless: true },
  { what: '404', fault: json(404), codes: ['peer_not_found', 'reference_not_found'], retryable: false, harmless: true },
  { what: '429 with Retry-After', fault: json(429, { 'retry-after': '7' }), codes: ['peer_rate_limited', 'model_overloaded'], retryable: true, harmless: true, retryAfterMs: 7_000 },
  { what: '500', fault: json(500), codes: ['peer_unavailable', 'model_overloaded'], retryable: true, harmless: false },
  { what: 'a proxy\'s page (502)', fault: { kind: 'answer', status: 502, type: 'text/html', body: PROXY_PAGE }, codes: ['peer_unavailable', 'response_not_json', 'model_overloaded'], retryable: true, harmless: false },
  { what: 'an HTML page with 200', fault: { kind: 'answer', status: 200, type: 'text/html', body: '<html>Sign in</html>' }, codes: ['response_not_json'], retryable: true, harmless: false },
  { what: 'JSON that ends in the middle', fault: { kind: 'answer', status: 200, type: 'application/json', body: '{"result":[' }, codes: ['response_not_json'], retryable: true, harmless: false },
  { what: 'a cut connection', fault: { kind: 'lost_before_send' }, codes: ['peer_connection_lost', 'peer_unavailable'], retryable: true, harmless: false },
  { what: 'silence', fault: { kind: 'silent' }, codes: ['peer_timeout'], retryable: true, harmless: false },
];
/** How long a peer may be silent in these checks. */
const SILENCE_MS = 700;

/** Errors are mapped: code, whether to try again, and above all whether an effect is possible. */
export function errorChecks(bench: Bench): Check[] {
  const { proxy } = bench;
  if (proxy === null) return [];
  return actionsOf(bench).flatMap(([name, manifest]) => {
    const writes = manifest.risk === 'write' || manifest.risk === 'destructive';
    const strikes = (request: SeenRequest): boolean => !bench.isAuthentication(request) && (!writes || request.method !== 'GET');
    const meet = async (fault: Fault) => {
      const world = bench.world(fault.kind === 'silent' ? { header_timeout_ms: SILENCE_MS } : {});
      const parameters = await ready(bench, world, name);
      proxy.fail(fault, strikes, 'always');
      const result = await world.call(name, parameters);
      return { result, world };
    };
    return [
      ...TROUBLES.map((trouble): Check => ({
        name: `${name}: ${trouble.what} is told as ${trouble.codes[0]}${writes && !trouble.harmless ? ', outcome unknown' : ''}`,
        run: async () => {
          const { result } = await meet(trouble.fault);
          const expected = writes && !trouble.harmless ? 'uncertain' : 'failed';
          demand(result.kind === expected, `${name} met ${trouble.what} and ended as ${told(result)}; expected ${expected}${expected === 'uncertain' ? ': the request may have arrived, so its effect is `unknown`' : ''}.`);
          const { code, retryable, retryAfterMs } = result.error;
          demand(trouble.codes.includes(code), `${name} met ${trouble.what} and told it as ${code}; expected ${trouble.codes.join(' or ')}. Mend errors.ts.`);
          demand(retryable === trouble.retryable, `${name} met ${trouble.what}: \`retryable\` is ${retryable}, expected ${trouble.retryable}. Mend errors.ts.`);
          if (trouble.retryAfterMs !== undefined) demand(retryAfterMs === trouble.retryAfterMs, `${name} met ${trouble.what}: \`retryAfterMs\` is ${retryAfterMs}, expected ${trouble.retryAfterMs}. Read the Retry-After header in errors.ts.`);
        },
      })),
      {
        name: `${name}: no secret is in an error, even where the peer repeats what it got`,
        run: async () => {
          for (const status of [400, 401, 500]) {
            const { result, world } = await meet({ kind: 'answer', status, type: 'application/json', body: '', echo: true });
            const said = JSON.stringify([result, world.gateway.errors]);
            const leaked = secretsOf(bench).filter((secret) => said.includes(secret));
            demand(leaked.length === 0, `${name}: the error for ${status} repeats the credential, which the peer had put into its answer. Do not quote the peer's bodies whole in errors.ts.`);
          }
        },
      },
    ];
  });
}

function secretsOf({ standIn: { credential } }: Bench): string[] {
  if (credential === null) return [];
  switch (credential.kind) {
    case 'basic': return [credential.password, Buffer.from(`${credential.username}:${credential.password}`).toString('base64')];
    case 'oauth_client_credentials': return [credential.clientSecret];
    case 'oauth_refresh_token': return [credential.clientSecret, credential.refreshToken];
    case 'api_key': return [credential.value];
    case 'bearer': return [credential.token];
    case 'signed_jwt':
    case 'client_certificate': return [credential.privateKeyPem];
  }
}
