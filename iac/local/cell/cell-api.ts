import axios from 'axios';
import type { AxiosInstance } from 'axios';
import type { components, paths } from '@countersign/contracts/openapi/api.generated.ts';
import { CellError } from './errors.ts';

type Schemas = components['schemas'];
type Json<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : never;

/** The public API as the seed and the demo use it: what they do, a customer could do with the same calls. */
export class CellApi {
  readonly #http: AxiosInstance;

  constructor(url: string, apiKey: string) {
    this.#http = axios.create({
      baseURL: url, proxy: false, timeout: 30_000, maxRedirects: 0, validateStatus: () => true,
      headers: { authorization: `Bearer ${apiKey}`, accept: 'application/json' },
    });
  }

  publishConnector(manifest: object): Promise<Schemas['ConnectorVersion']> {
    return this.#send('POST', '/api/v1/connectors', { manifest });
  }

  trustPublisher(publisher: Schemas['NewPublisher']): Promise<Schemas['Publisher']> {
    return this.#send('POST', '/api/v1/connector-publishers', publisher);
  }

  /** A version that is published with other content is for the caller to explain; without a package, the manifest alone is published. */
  async publishPackage(manifest: object, signed: Schemas['PublishedPackage'] | undefined): Promise<{ readonly changed: boolean }> {
    const response = await this.#http.post<{ code?: string }>('/api/v1/connectors', { manifest, ...(signed === undefined ? {} : { package: signed }) });
    if (response.status === 201) return { changed: false };
    if (response.data.code === 'connector_version_changed') return { changed: true };
    throw new CellError('seed_failed', `POST /api/v1/connectors answered ${response.status}: ${JSON.stringify(response.data)}`);
  }

  async instances(): Promise<Array<Schemas['Instance']>> {
    return (await this.#send<{ items: Array<Schemas['Instance']> }>('GET', '/api/v1/instances')).items;
  }

  async findInstance(name: string): Promise<Schemas['Instance'] | undefined> {
    const { items } = await this.#send<{ items: Array<Schemas['Instance']> }>('GET', '/api/v1/instances');
    return items.find((instance) => instance.name === name);
  }

  storeCredential(credential: Schemas['NewCredential']): Promise<Schemas['Credential']> {
    return this.#send('POST', '/api/v1/credentials', credential);
  }

  createInstance(instance: Schemas['NewInstance']): Promise<Schemas['Instance']> {
    return this.#send('POST', '/api/v1/instances', instance);
  }

  publishWorkflow(source: string): Promise<Schemas['WorkflowVersion']> {
    return this.#send('POST', '/api/v1/workflows', source, { 'content-type': 'application/yaml' });
  }

  async workflows(): Promise<Array<Schemas['Workflow']>> {
    return (await this.#send<{ items: Array<Schemas['Workflow']> }>('GET', '/api/v1/workflows')).items;
  }

  prices(): Promise<Schemas['PriceList']> {
    return this.#send('GET', '/api/v1/prices');
  }

  setPrices(prices: Schemas['NewPrices']): Promise<Schemas['PriceList']> {
    return this.#send('PUT', '/api/v1/prices', prices);
  }

  activateWorkflow(workflowId: string, environment: string, version: number): Promise<unknown> {
    return this.#send('PUT', `/api/v1/workflows/${workflowId}/activations/${environment}`, { version });
  }

  startRun(start: Schemas['StartRun']): Promise<Schemas['DeliveryAccepted']> {
    return this.#send('POST', '/api/v1/runs', start);
  }

  runs(query: { q?: string; limit: number }): Promise<Json<paths['/api/v1/runs']['get']['responses']['200']>> {
    return this.#send('GET', `/api/v1/runs?${new URLSearchParams({ limit: String(query.limit), ...(query.q === undefined ? {} : { q: query.q }) })}`);
  }

  run(id: string): Promise<Schemas['Run']> {
    return this.#send('GET', `/api/v1/runs/${id}`);
  }

  approvals(runId: string): Promise<{ items: Array<Schemas['Approval']> }> {
    return this.#send('GET', `/api/v1/approvals?${new URLSearchParams({ run_id: runId, limit: '10' })}`);
  }

  vote(approvalId: string, actionDigest: string): Promise<Schemas['VoteResult']> {
    return this.#send('POST', `/api/v1/approvals/${approvalId}/votes`, { decision: 'approve', action_digest: actionDigest });
  }

  async agentPools(): Promise<Array<Schemas['AgentPool']>> {
    return (await this.#send<{ items: Array<Schemas['AgentPool']> }>('GET', '/api/v1/agent-pools')).items;
  }

  createAgentPool(pool: Schemas['NewAgentPool']): Promise<Schemas['AgentPool']> {
    return this.#send('POST', '/api/v1/agent-pools', pool);
  }

  createAgentToken(poolId: string): Promise<Schemas['NewAgentToken']> {
    return this.#send('POST', '/api/v1/agent-tokens', { pool_id: poolId });
  }

  async agents(): Promise<Array<Schemas['Agent']>> {
    return (await this.#send<{ items: Array<Schemas['Agent']> }>('GET', '/api/v1/agents')).items;
  }

  revokeAgent(id: string, reason: string): Promise<Schemas['Agent']> {
    return this.#send('POST', `/api/v1/agents/${id}/revoke`, { reason });
  }

  /** The newest sealed events of these types, with commas between. */
  async auditEvents(type: string): Promise<Array<Schemas['SealedEvent']>> {
    return (await this.#send<{ items: Array<Schemas['SealedEvent']> }>('GET', `/api/v1/audit/events?${new URLSearchParams({ type, limit: '200' })}`)).items;
  }

  /** The bundles in force, one per environment and mode. */
  async policy(): Promise<Array<Schemas['PolicyStatus']>> {
    return (await this.#send<{ items: Array<Schemas['PolicyStatus']> }>('GET', '/api/v1/policy')).items;
  }

  async witnesses(): Promise<Array<Schemas['Witness']>> {
    return (await this.#send<{ items: Array<Schemas['Witness']> }>('GET', '/api/v1/audit/witnesses')).items;
  }

  createWitness(witness: Schemas['NewWitness']): Promise<Schemas['Witness']> {
    return this.#send('POST', '/api/v1/audit/witnesses', witness);
  }

  async identityProviders(): Promise<Array<Schemas['IdentityProvider']>> {
    return (await this.#send<{ items: Array<Schemas['IdentityProvider']> }>('GET', '/api/v1/identity-providers')).items;
  }

  createIdentityProvider(provider: Schemas['NewIdentityProvider']): Promise<Schemas['IdentityProvider']> {
    return this.#send('POST', '/api/v1/identity-providers', provider);
  }

  invite(person: Schemas['NewInvitation']): Promise<Schemas['NewlyInvited']> {
    return this.#send('POST', '/api/v1/invitations', person);
  }

  keys(): Promise<Schemas['KeySet']> {
    return this.#send('GET', '/api/v1/keys');
  }

  /** The bundle's bytes; undefined while it is not built yet. */
  async evidence(runId: string): Promise<Buffer | undefined> {
    const response = await this.#http.get<Buffer>(`/api/v1/runs/${runId}/evidence`, { responseType: 'arraybuffer' });
    if (response.status === 200) return response.data;
    if (response.status === 409 || response.status >= 500) return undefined;
    throw new CellError('seed_failed', `GET evidence of ${runId} answered ${response.status}: ${response.data.toString('utf8')}`);
  }

  async #send<T>(method: string, url: string, data?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const response = await this.#http.request<T>({ method, url, data, headers });
    if (response.status >= 200 && response.status < 300) return response.data;
    throw new CellError('seed_failed', `${method} ${url} answered ${response.status}: ${JSON.stringify(response.data)}`);
  }
}
