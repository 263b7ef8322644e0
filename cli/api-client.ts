import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import axios from 'axios';
import type { AxiosInstance, AxiosResponse } from 'axios';
import type { components, paths } from '@countersign/contracts/openapi/api.generated.ts';
import type { Problem } from '@countersign/contracts/errors/catalogue.ts';
import type { CliConfig } from './config.ts';
import { CliError } from './errors.ts';
import { pathOf, type AnswerOf, type CallOf, type Method, type OperationAt } from './operation-call.ts';

type Json<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : never;
export type RunPage = Json<paths['/api/v1/runs']['get']['responses']['200']>;
export type RunDetail = Json<paths['/api/v1/runs/{run_id}']['get']['responses']['200']>;
export type ApprovalPage = Json<paths['/api/v1/approvals']['get']['responses']['200']>;
export type ApprovalDetail = Json<paths['/api/v1/approvals/{approval_id}']['get']['responses']['200']>;
export type VoteResult = Json<paths['/api/v1/approvals/{approval_id}/votes']['post']['responses']['201']>;
export type KeySet = Json<paths['/api/v1/keys']['get']['responses']['200']>;
export type CostReport = Json<paths['/api/v1/reports/cost-per-ticket']['get']['responses']['200']>;

type Schemas = components['schemas'];
type RunQuery = NonNullable<paths['/api/v1/runs']['get']['parameters']['query']>;
export type RunTimeline = Schemas['RunTimeline'];
export type DeadLetterFilter = Schemas['DeadLetterFilter'];
export type BulkCommand = Schemas['BulkCommand'];
export type Queues = Schemas['Queues'];
export type Board = Schemas['Board'];
export type KillSwitch = Schemas['KillSwitch'];
/** What was asked of a run; of a cancellation also what it cannot stop. */
export type RunCommandAccepted = Omit<Schemas['CancelAccepted'], 'not_stopped'> & Partial<Pick<Schemas['CancelAccepted'], 'not_stopped'>>;
export type Instance = Schemas['Instance'];
export type Budget = Schemas['Budget'];

/** A policy is compiled before the API answers, in stages of up to 20 s. */
const COMPILE_TIMEOUT_MS = 180_000;

/** A package may have 256 MiB. */
const DOWNLOAD_TIMEOUT_MS = 600_000;

/** A million events take the server about a minute. */
const VERIFY_TIMEOUT_MS = 600_000;

/** Some of a list, and where the next of it begins; null at its end. */
interface Page<T> {
  readonly items: T[];
  readonly next_cursor: string | null;
}

/** What can be changed, with the tag of the version that was read. */
export interface Tagged<T> {
  readonly body: T;
  readonly etag: string;
}

/** The public API, as the command line uses it. Every failure is a `CliError` in words. */
export class ApiClient {
  readonly #http: AxiosInstance;
  readonly #url: string;

  constructor(config: CliConfig) {
    if (config.apiKey === undefined) throw new CliError('not_signed_in', 'Set COUNTERSIGN_API_KEY. Who is signed in makes one with POST /api/v1/api-keys; see cli/README.md.');
    this.#url = config.url;
    this.#http = axios.create({
      baseURL: config.url, timeout: 30_000, proxy: false, maxRedirects: 0, validateStatus: () => true,
      headers: { authorization: `Bearer ${config.apiKey}`, accept: 'application/json' },
    });
  }

  /** Any operation of the contract that takes and answers JSON. */
  call<P extends keyof paths, M extends Method>(method: M, path: P, call: CallOf<OperationAt<P, M>>): Promise<AnswerOf<OperationAt<P, M>>> {
    return this.#bodyOf(method, path, call);
  }

  /** Like `call`, with the tag of what was answered, by which a change of it names what it replaces. */
  read<P extends keyof paths, M extends Method>(method: M, path: P, call: CallOf<OperationAt<P, M>>): Promise<Tagged<AnswerOf<OperationAt<P, M>>>> {
    return this.#ask(method, path, call);
  }

  /** `state`: separated by commas. What of the filter is not known is the API's to refuse. */
  runs(query: Omit<RunQuery, 'state' | 'environment'> & { state?: string; environment?: string }): Promise<RunPage> {
    return this.#request('GET', '/api/v1/runs', { params: query });
  }

  runTimeline(runId: string, cursor: string | null): Promise<RunTimeline> {
    return this.#request('GET', `/api/v1/runs/${encodeURIComponent(runId)}/timeline`, { params: { limit: 1_000, ...(cursor === null ? {} : { cursor }) } });
  }

  actOnRun(runId: string, act: 'pause' | 'resume' | 'cancel' | 'redrive', reason: string): Promise<RunCommandAccepted> {
    return this.#request('POST', `/api/v1/runs/${encodeURIComponent(runId)}/${act}`, { data: { reason } });
  }

  deadLetters({ state = [], ...filter }: DeadLetterFilter, page: { limit: number; cursor?: string }): Promise<Page<Schemas['DeadLetter']>> {
    return this.#request('GET', '/api/v1/dead-letters', { params: { ...filter, ...page, state: state.join(',') } });
  }

  redriveDeadLetters(redrive: Schemas['NewRedrive']): Promise<BulkCommand> {
    return this.#request('POST', '/api/v1/dead-letters/redrive', { data: redrive });
  }

  bulkCommands(): Promise<Page<BulkCommand>> {
    return this.#request('GET', '/api/v1/bulk-commands');
  }

  bulkCommand(id: string): Promise<BulkCommand> {
    return this.#request('GET', `/api/v1/bulk-commands/${encodeURIComponent(id)}`);
  }

  queues(): Promise<Queues> {
    return this.#request('GET', '/api/v1/operations/queues');
  }

  board(minutes: number): Promise<Board> {
    return this.#request('GET', '/api/v1/operations/board', { params: { minutes } });
  }

  schedules(): Promise<{ items: Array<Schemas['Schedule']> }> {
    return this.#request('GET', '/api/v1/schedules');
  }

  holdSchedule(id: string, act: 'pause' | 'resume', reason: string): Promise<Schemas['Schedule']> {
    return this.#request('POST', `/api/v1/schedules/${encodeURIComponent(id)}/${act}`, { data: { reason } });
  }

  killSwitches(active?: boolean): Promise<{ items: KillSwitch[] }> {
    return this.#request('GET', '/api/v1/kill-switches', { params: active === undefined ? {} : { active } });
  }

  setKillSwitch(killSwitch: Schemas['NewKillSwitch']): Promise<KillSwitch> {
    return this.#request('POST', '/api/v1/kill-switches', { data: killSwitch });
  }

  releaseKillSwitch(id: string, release: Schemas['KillSwitchRelease']): Promise<KillSwitch> {
    return this.#request('POST', `/api/v1/kill-switches/${encodeURIComponent(id)}/release`, { data: release });
  }

  run(runId: string): Promise<RunDetail> {
    return this.#request('GET', `/api/v1/runs/${encodeURIComponent(runId)}`);
  }

  evidence(runId: string): Promise<Buffer> {
    return this.#request('GET', `/api/v1/runs/${encodeURIComponent(runId)}/evidence`, { responseType: 'arraybuffer' });
  }

  evidencePackage(packageId: string): Promise<Buffer> {
    return this.#request('GET', `/api/v1/evidence-packages/${encodeURIComponent(packageId)}/archive`, { responseType: 'arraybuffer', timeout: DOWNLOAD_TIMEOUT_MS });
  }

  approvals(query: { limit: number; state?: string; run_id?: string }): Promise<ApprovalPage> {
    return this.#request('GET', '/api/v1/approvals', { params: query });
  }

  approval(approvalId: string): Promise<ApprovalDetail> {
    return this.#request('GET', `/api/v1/approvals/${encodeURIComponent(approvalId)}`);
  }

  vote(approvalId: string, vote: Schemas['NewVote']): Promise<VoteResult> {
    return this.#request('POST', `/api/v1/approvals/${encodeURIComponent(approvalId)}/votes`, { data: vote });
  }

  keys(): Promise<KeySet> {
    return this.#request('GET', '/api/v1/keys');
  }

  costPerTicket(): Promise<CostReport> {
    return this.#request('GET', '/api/v1/reports/cost-per-ticket');
  }

  budget(): Promise<Tagged<Budget>> {
    return this.#tagged('GET', '/api/v1/budgets');
  }

  /** `etag` is of the budget that these limits replace. */
  setBudget(limits: Schemas['NewBudget'], etag: string): Promise<Tagged<Budget>> {
    return this.#tagged('PUT', '/api/v1/budgets', { data: limits, headers: { 'if-match': etag } });
  }

  publishConnector(version: { manifest: Record<string, unknown>; package?: Schemas['PublishedPackage'] }): Promise<Schemas['ConnectorVersion']> {
    return this.#request('POST', '/api/v1/connectors', { data: version });
  }

  connectors(): Promise<{ items: Array<Schemas['ConnectorVersion']> }> {
    return this.#request('GET', '/api/v1/connectors');
  }

  publishers(): Promise<{ items: Array<Schemas['Publisher']> }> {
    return this.#request('GET', '/api/v1/connector-publishers');
  }

  trustPublisher(publisher: Schemas['NewPublisher']): Promise<Schemas['Publisher']> {
    return this.#request('POST', '/api/v1/connector-publishers', { data: publisher });
  }

  revokePublisher(kid: string): Promise<Schemas['Publisher']> {
    return this.#request('DELETE', `/api/v1/connector-publishers/${encodeURIComponent(kid)}`);
  }

  workflows(): Promise<{ items: Array<Schemas['Workflow']> }> {
    return this.#request('GET', '/api/v1/workflows');
  }

  /** `source`: the workflow with its files, as one text. */
  publishWorkflow(source: string): Promise<Schemas['WorkflowVersion']> {
    return this.#request('POST', '/api/v1/workflows', { data: source, headers: { 'content-type': 'application/yaml' } });
  }

  activateWorkflow(workflowId: string, environment: string, activation: Schemas['Activation']): Promise<unknown> {
    return this.#request('PUT', `/api/v1/workflows/${encodeURIComponent(workflowId)}/activations/${encodeURIComponent(environment)}`, { data: activation });
  }

  startRun(start: Schemas['StartRun']): Promise<Schemas['DeliveryAccepted']> {
    return this.#request('POST', '/api/v1/runs', { data: start });
  }

  instances(): Promise<{ items: Instance[] }> {
    return this.#request('GET', '/api/v1/instances');
  }

  createInstance(instance: Schemas['NewInstance']): Promise<Instance> {
    return this.#request('POST', '/api/v1/instances', { data: instance });
  }

  storeCredential(credential: Schemas['NewCredential']): Promise<Schemas['Credential']> {
    return this.#request('POST', '/api/v1/credentials', { data: credential });
  }

  approvePackage(instanceId: string, digests: Schemas['PackageDigests'], etag: string): Promise<Instance> {
    return this.#request('POST', `/api/v1/instances/${encodeURIComponent(instanceId)}/approve-package`, { data: digests, headers: { 'if-match': etag } });
  }

  policies(): Promise<Schemas['PolicyOverview']> {
    return this.#request('GET', '/api/v1/policies');
  }

  createPolicyDraft(layer: string, draft: Omit<Schemas['NewPolicyDraft'], 'data'> & { data: Record<string, unknown> }): Promise<Schemas['PolicyDraft']> {
    return this.#request('POST', `/api/v1/policies/${encodeURIComponent(layer)}/drafts`, { data: draft, timeout: COMPILE_TIMEOUT_MS });
  }

  publishPolicyVersion(layer: string, version: Schemas['NewPolicyVersion']): Promise<Schemas['PolicyVersion']> {
    return this.#request('POST', `/api/v1/policies/${encodeURIComponent(layer)}/versions`, { data: version, timeout: COMPILE_TIMEOUT_MS });
  }

  policyVersion(layer: string, version: number): Promise<Schemas['PolicyVersion']> {
    return this.#request('GET', `/api/v1/policies/${encodeURIComponent(layer)}/versions/${version}`);
  }

  releasePolicy(release: Omit<Schemas['NewPolicyRelease'], 'mode'> & { mode: 'enforce' | 'shadow' }): Promise<Schemas['PolicyRelease']> {
    return this.#request('POST', '/api/v1/policy-releases', { data: release, timeout: COMPILE_TIMEOUT_MS });
  }

  policyRelease(releaseId: string): Promise<Schemas['PolicyRelease']> {
    return this.#request('GET', `/api/v1/policy-releases/${encodeURIComponent(releaseId)}`);
  }

  decision(decisionId: string): Promise<Schemas['DecisionLogEntry']> {
    return this.#request('GET', `/api/v1/decisions/${encodeURIComponent(decisionId)}`);
  }

  simulatePolicy(simulation: Schemas['NewSimulation']): Promise<Schemas['Simulation']> {
    return this.#request('POST', '/api/v1/policies/simulate', { data: simulation, timeout: COMPILE_TIMEOUT_MS });
  }

  startPolicyReplay(replay: Schemas['NewPolicyReplay']): Promise<Schemas['PolicyReplay']> {
    return this.#request('POST', '/api/v1/policy-replays', { data: replay });
  }

  policyReplay(replayId: string): Promise<Schemas['PolicyReplay']> {
    return this.#request('GET', `/api/v1/policy-replays/${encodeURIComponent(replayId)}`);
  }

  /** The workspace's events, line by line, as they come: they may be more than memory holds. */
  auditExport(): Promise<Readable> {
    return this.#request('GET', '/api/v1/audit/export', { responseType: 'stream', timeout: 0, headers: { accept: 'application/x-ndjson, application/problem+json' } });
  }

  verifyAudit(expected_checkpoint: string | undefined): Promise<Schemas['AuditVerification']> {
    return this.#request('POST', '/api/v1/audit/verifications', { data: expected_checkpoint === undefined ? {} : { expected_checkpoint }, timeout: VERIFY_TIMEOUT_MS });
  }

  // Without the types of the contract: all operations at once are more than the compiler can hold side by side.
  async #bodyOf<T>(method: string, path: string, call: unknown): Promise<T> {
    return (await this.#ask<T>(method, path, call)).body;
  }

  #ask<T>(method: string, path: string, call: unknown): Promise<Tagged<T>> {
    const { path: parts, query, body, etag } = call as { path?: Record<string, string>; query?: object; body?: unknown; etag?: string };
    return this.#tagged(method.toUpperCase(), pathOf(path, parts), {
      ...(query === undefined ? {} : { params: query }), ...(body === undefined ? {} : { data: body }), ...(etag === undefined ? {} : { headers: { 'if-match': etag } }),
    });
  }

  async #request<T>(method: string, path: string, options: object = {}): Promise<T> {
    return (await this.#exchange<T>(method, path, options)).data;
  }

  async #tagged<T>(method: string, path: string, options: object = {}): Promise<Tagged<T>> {
    const { data, headers } = await this.#exchange<T>(method, path, options);
    return { body: data, etag: String(headers['etag'] ?? '*') };
  }

  async #exchange<T>(method: string, path: string, options: object): Promise<AxiosResponse<T>> {
    const response = await this.#http.request<T>({ method, url: path, ...options }).catch((cause: Error) => {
      throw new CliError('server_unreachable', `No answer from ${this.#url}: ${cause.message}. Is the cell running?`, { cause });
    });
    if (response.status >= 200 && response.status < 300) return response;
    const problem = problemOf(response.data instanceof Readable ? await buffer(response.data) : response.data);
    throw new CliError('request_refused', describe(problem, response.status), { cause: problem });
  }
}

/** What the API refuses with; a CliError `request_refused` has it as its cause. */
export type Refusal = Partial<Problem> & { readonly release_id?: string; readonly change_request_id?: string };

/** Problems of a binary download arrive as bytes. */
function problemOf(data: unknown): Refusal {
  if (!Buffer.isBuffer(data)) return (data ?? {}) as Refusal;
  try {
    return JSON.parse(data.toString('utf8')) as Refusal;
  } catch {
    return {};
  }
}

function describe(problem: Refusal, status: number): string {
  const fields = (problem.errors ?? []).map((error) => `\n  ${error.field}: ${error.message}`).join('');
  const release = problem.release_id === undefined ? '' : `\n  release ${problem.release_id}`;
  const change = problem.change_request_id === undefined ? '' : `\n  change ${problem.change_request_id}; somebody else decides it with: countersign changes approve`;
  return `${problem.code ?? `HTTP ${status}`}: ${problem.detail ?? problem.title ?? 'no explanation'}${fields}${release}${change}${problem.request_id === undefined ? '' : ` (${problem.request_id})`}`;
}
