import { setTimeout as pause } from 'node:timers/promises';
import type { CanaryCell } from './canary-cell.ts';
import { CanaryError } from './errors.ts';
import type { EchoingPeer } from './peer.ts';
import type { RecordedApi, Reply } from './recorded-api.ts';

export interface Sowing {
  readonly cell: CanaryCell;
  readonly api: RecordedApi;
  readonly peer: EchoingPeer;
  readonly peerUrl: string;
  /** The value of a canary by its name; a name that is not in the list throws. */
  readonly secret: (name: string) => string;
}

const CONNECTOR = {
  name: 'echo', version: '1.0.0', title: 'Echo', description: 'A system that repeats what it is told',
  credentials: ['basic', 'bearer', 'api_key', 'oauth_client_credentials', 'oauth_refresh_token', 'signed_jwt', 'client_certificate'],
  rate_limits: { requests_per_minute: 6_000 },
  actions: {
    'thing.get': {
      title: 'Read a thing', risk: 'read', reversible: true, idempotent: true, reconcile: false, timeout_ms: 20_000, sensitive_parameters: [], content_parameters: [], redact: [], output_labels: ['trusted_system'],
      parameters: { type: 'object', additionalProperties: false, required: ['id'], properties: { id: { type: 'string', maxLength: 40 } } },
      output: { type: 'object', additionalProperties: true, required: ['id'], properties: { id: { type: 'string' } } },
      http: { method: 'GET', path: '/things/{id}' },
    },
  },
};
/** What the peer does with a call. */
const TROUBLES = ['ok', 'echo-500', 'echo-401', 'echo-422', 'redirect', 'no-json', 'other-shape'];

/** Pushes every canary through the input that it is named after. */
export async function sow(sowing: Sowing): Promise<void> {
  await publishConnector(sowing);
  await sowRefusedRequests(sowing);
  await sowSettings(sowing);
  await sowWebhooks(sowing);
  await sowCalls(sowing);
  await sowCrash(sowing);
}

async function publishConnector({ api }: Sowing): Promise<void> {
  demand(await api.send('POST', '/api/v1/connectors', { json: { manifest: CONNECTOR } }), 201);
}

/** Requests that are refused, with a secret where people put it by mistake. */
async function sowRefusedRequests({ api, cell, secret }: Sowing): Promise<void> {
  const [, , tenant, key] = /^(cs_key)_(ten_[^_]+)_(key_[^_]+)_/.exec(cell.apiKey) ?? [];
  const as = (authorization: string): Promise<Reply> => api.send('GET', '/api/v1/me', { anonymous: true, headers: { authorization } });
  await as(`Bearer ${secret('api key that is none')}`);
  await as(`Bearer cs_key_${tenant}_${key}_${secret('secret of a known api key')}`);
  await as(`Basic ${Buffer.from(`admin:${secret('basic password for the api')}`).toString('base64')}`);
  const cookie = secret('session cookie');
  await api.send('GET', '/api/v1/me', { anonymous: true, headers: { cookie: `countersign_session=${cookie}; __Host-countersign_session=${cookie}` } });
  await api.send('POST', '/api/v1/runs', { anonymous: true, json: {}, headers: { cookie: 'countersign_session=x', 'x-csrf-token': secret('csrf token'), 'countersign-csrf': secret('csrf token') } });
  await api.send('POST', '/api/v1/sign-in', { anonymous: true, json: { token: `cs_link_${tenant}_${secret('sign-in link')}` } });
  await api.send('GET', `/api/v1/runs?access_token=${encodeURIComponent(secret('query string'))}`);
  await api.send('POST', '/api/v1/credentials', { json: { name: 'refused', kind: 'basic', value: { username: 'u', pasword: secret('misspelt member of a credential') } } });
  await api.send('POST', '/api/v1/credentials', { body: `{"name":"refused","kind":"bearer","value":{"token":${JSON.stringify(secret('body that is no json'))}` });
  await api.send('POST', '/api/v1/runs', { json: { workflow: 'x', environment: 'prod', trigger: {}, password: secret('unknown member of a request') } });
  await api.send('POST', '/api/v1/instances', { json: { connector: 'echo', connector_version: '1.0.0', name: 'refused', environment: 'prod', base_url: `https://user:${encodeURIComponent(secret('password in a base url'))}@desk.example.com` } });
  const form = { anonymous: true, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  await api.send('POST', '/api/v1/oauth/token', { ...form, body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'ocl_x', client_secret: secret('oauth client of ours') }).toString() });
  await api.send('POST', '/api/v1/oauth/token', { ...form, body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', resource: 'local', subject_token: `e30.${secret('token of a CI job')}.sig` }).toString() });
  await api.send('GET', '/scim/v2/local/Users', { anonymous: true, headers: { authorization: `Bearer ${secret('scim token')}` } });
}

/** Secrets that are kept for other systems. */
async function sowSettings({ api, peerUrl, secret }: Sowing): Promise<void> {
  const slack = { mode: 'http', client_id: '1.2', client_secret: secret('slack client secret'), signing_secret: secret('slack signing secret'), app_token: secret('slack app token'), api_url: `${peerUrl}/api/` };
  await api.send('PUT', '/api/v1/slack/app', { json: slack });
  await api.send('PUT', '/api/v1/slack/installations', { json: { bot_token: `xoxb-${secret('slack bot token')}` } });
  await api.send('POST', '/api/v1/identity-providers', { json: { name: 'Example', issuer: 'https://idp.example.com', client_id: 'c', client_secret: secret('secret at an identity provider') } });
  await api.send('POST', '/api/v1/audit/sinks', { json: { name: 'siem', kind: 'webhook', format: 'ocsf', endpoint: 'https://siem.example.com/in', secret: secret('secret of a sink') } });
}

async function sowWebhooks({ api, secret }: Sowing): Promise<void> {
  const [webhook, shared] = [await store(api, 'hook', 'webhook_secret', { secret: secret('webhook secret') }), await store(api, 'shared', 'webhook_secret', { secret: secret('shared secret') })];
  const made = demand(await api.send('POST', '/api/v1/instances', { json: { connector: 'echo', connector_version: '1.0.0', name: 'hooked', environment: 'prod', base_url: 'https://echo.example.com', webhook_credential_id: webhook, shared_secret_credential_id: shared } }), 201);
  const ingest = (headers: Readonly<Record<string, string>>): Promise<Reply> => api.send('POST', `/api/v1/ingest/echo/${String(made.body['id'])}`, { anonymous: true, json: { id: 'T-1' }, headers });
  await ingest({ 'x-countersign-shared-secret': secret('shared secret') });
  await ingest({ 'x-countersign-shared-secret': secret('shared secret that is none') });
  await ingest({ authorization: `Bearer ${secret('authorization of a webhook')}`, cookie: `sid=${secret('cookie of a webhook')}` });
  await ingest({ 'webhook-id': 'msg_1', 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)), 'webhook-signature': `v1,${secret('signature of a webhook')}` });
}

/** Calls with every kind of credential, to a peer that repeats them. */
async function sowCalls({ api, peerUrl, secret }: Sowing): Promise<void> {
  const pem = (name: string): string => `-----BEGIN PRIVATE KEY-----\n${secret(name)}\n-----END PRIVATE KEY-----`;
  const credentials: ReadonlyArray<readonly [string, string, object | string]> = [
    ['basic', 'basic', { username: 'u', password: secret('basic password') }], ['bearer', 'bearer', { token: secret('bearer token') }],
    ['api-key', 'api_key', { header: 'x-api-key', value: secret('api key header') }],
    ['client', 'oauth_client_credentials', { client_id: 'c', client_secret: secret('oauth client secret'), token_path: '/token' }],
    ['refused-client', 'oauth_client_credentials', { client_id: 'c', client_secret: secret('oauth client secret that the peer refuses'), token_path: '/refused-token' }],
    ['refresh', 'oauth_refresh_token', { client_id: 'c', client_secret: 's', refresh_token: secret('refresh token'), token_path: '/token' }],
    ['jwt', 'signed_jwt', { issuer: 'i', private_key_pem: pem('private key'), token_path: '/token' }],
    ['certificate', 'client_certificate', { certificate_pem: '-----BEGIN CERTIFICATE-----\n', private_key_pem: pem('key of a client certificate') }],
    ['environment', 'bearer', 'env:bearer'], ['file', 'bearer', 'file:bearer'],
  ];
  const runs: string[] = [];
  for (const [name, kind, value] of credentials) {
    const id = await store(api, name, kind, value);
    await connect(api, name, peerUrl, { credential_id: id });
    for (const trouble of TROUBLES) runs.push(await startRun(api, name, trouble));
  }
  const proxy = await store(api, 'proxy', 'basic', { username: 'u', password: secret('proxy password') });
  await connect(api, 'proxied', peerUrl, { credential_id: await store(api, 'spare', 'bearer', { token: 'none' }), connection: { proxy_url: peerUrl, proxy_credential_id: proxy } });
  runs.push(await startRun(api, 'proxied', 'ok'));
  await untilEnded(api, runs.length);
}

/** A worker that dies with a call under way. */
async function sowCrash({ api, cell, peer, peerUrl, secret }: Sowing): Promise<void> {
  await connect(api, 'crash', peerUrl, { credential_id: await store(api, 'crash', 'bearer', { token: secret('token in a worker that crashes') }) });
  await startRun(api, 'crash', 'hang');
  await peer.untilOneHangs();
  const before = cell.workers.map((worker) => worker.metricsUrl);
  for (const { pid } of cell.workers) if (pid !== undefined) process.kill(pid, 'SIGABRT');
  // The supervisor starts them again, and each says where its metrics are now.
  await until('The workers did not start again', () => Promise.resolve(cell.workers.every((worker, i) => worker.metricsUrl !== null && worker.metricsUrl !== before[i])));
}

async function store(api: RecordedApi, name: string, kind: string, value: object | string): Promise<string> {
  const reply = await api.send('POST', '/api/v1/credentials', { json: { name, kind, ...(typeof value === 'string' ? { secret_ref: value } : { value }) } });
  return String(demand(reply, 201).body['id']);
}

/** An instance, and a workflow that calls it once. */
async function connect(api: RecordedApi, name: string, peerUrl: string, more: object): Promise<void> {
  demand(await api.send('POST', '/api/v1/instances', { json: { connector: 'echo', connector_version: '1.0.0', name, environment: 'prod', base_url: peerUrl, allowed_hosts: [new URL(peerUrl).host], ...more } }), 201);
  const source = `apiVersion: countersign.dev/v1\nkind: Workflow\nmetadata: { name: use-${name}, description: Calls once }\nspec:\n  trigger: manual\n  steps:\n    - { id: get, uses: echo/thing.get, instance: ${name}, with: { id: "\${{ trigger.id }}" }, retry: { max_attempts: 2, backoff: fixed, initial_ms: 20 } }\n`;
  const published = demand(await api.send('POST', '/api/v1/workflows', { body: source, headers: { 'content-type': 'application/yaml' } }), 201);
  demand(await api.send('PUT', `/api/v1/workflows/${String(published.body['workflow_id'])}/activations/prod`, { json: { version: published.body['version'] } }), 200);
}

async function startRun(api: RecordedApi, name: string, id: string): Promise<string> {
  return String(demand(await api.send('POST', '/api/v1/runs', { json: { workflow: `use-${name}`, environment: 'prod', trigger: { id } } }), 202).body['delivery_id']);
}

const WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 250;

function untilEnded(api: RecordedApi, count: number): Promise<void> {
  return until(`Not all of ${count} runs ended`, async () => {
    const items = (await api.send('GET', '/api/v1/runs?limit=200')).body['items'] as Array<{ state: string }>;
    return items.filter(({ state }) => ['succeeded', 'failed', 'cancelled'].includes(state)).length >= count;
  });
}

/** @throws CanaryError `waited_in_vain` */
async function until(otherwise: string, look: () => Promise<boolean>): Promise<void> {
  for (const deadline_ms = performance.now() + WITHIN_MS; performance.now() < deadline_ms; await pause(LOOK_EVERY_MS)) if (await look()) return;
  throw new CanaryError('waited_in_vain', `${otherwise} within ${WITHIN_MS / 1_000} s.`);
}

function demand(reply: Reply, status: number): Reply {
  if (reply.status === status) return reply;
  throw new CanaryError('request_refused', `A request that should be taken was answered with ${reply.status}: ${reply.text.slice(0, 500)}`);
}
