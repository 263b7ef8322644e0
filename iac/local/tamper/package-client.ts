import { TamperError } from './errors.ts';

interface ServingCell {
  readonly url: string;
  readonly apiKey: string;
}

const RULE = `package countersign.tenant

verdicts contains verdict if {
	input.action.risk == "destructive"
	verdict := {"outcome": "REQUIRE_HITL", "rule": "tenant/destructive", "message": "Somebody looks at it first", "obligations": {}}
}
`;

/** Asks a cell for evidence of every kind that can be had without a person at a browser. */
export class PackageClient {
  readonly #cell: ServingCell & { readonly deadline: number; readonly say: (line: string) => void };

  constructor(cell: ServingCell & { readonly deadline: number; readonly say: (line: string) => void }) {
    this.#cell = cell;
  }

  async packages(from: Date): Promise<Uint8Array[]> {
    const period = await this.#built({ kind: 'period', from: from.toISOString(), to: new Date().toISOString(), include_runs: true });
    const { items: [approval] } = await this.#get<{ items: Array<{ id: string }> }>('/api/v1/approvals?state=consumed&limit=1');
    const release = await this.#releasePolicy();
    return [period, await this.#built({ kind: 'approval', subject_id: approval?.id }), ...(release === null ? [] : [await this.#built({ kind: 'policy_release', subject_id: release })]), await this.#erased()];
  }

  /** A rule that decides beside what is in force, and binds nothing. Null where the cell has no opa to compile it with. */
  async #releasePolicy(): Promise<string | null> {
    const draft = await this.#post<{ id?: string; valid?: boolean; code?: string }>('/api/v1/policies/tenant/drafts', { files: { 'tenant.rego': RULE } });
    if (draft.valid !== true) {
      this.#cell.say(`no policy was released, so that kind of package is left out: ${JSON.stringify(draft).slice(0, 200)}`);
      return null;
    }
    const { version } = await this.#post<{ version: number }>('/api/v1/policies/tenant/versions', { draft_id: draft.id, message: 'to have one' });
    const { environments } = await this.#get<{ environments: Array<{ environment_id: string; environment: string }> }>('/api/v1/policies');
    const { id } = await this.#post<{ id: string }>('/api/v1/policy-releases', { environment_id: environments.find(({ environment }) => environment === 'dev')?.environment_id, kind: 'release', mode: 'shadow', layer: 'tenant', version, reason: 'to have one' });
    return id;
  }

  async #erased(): Promise<Uint8Array> {
    const { id } = await this.#post<{ id: string }>('/api/v1/erasure-requests', { person: { email: 'somebody@acme.example' }, reason: 'to have one' });
    const { evidence_package_id } = await this.#until(`/api/v1/erasure-requests/${id}`, ({ state }) => state === 'completed');
    return this.#archive(String(evidence_package_id));
  }

  async #built(wish: object): Promise<Uint8Array> {
    const { id } = await this.#post<{ id: string }>('/api/v1/evidence-packages', wish);
    await this.#until(`/api/v1/evidence-packages/${id}`, ({ state }) => state === 'built');
    return this.#archive(id);
  }

  async #archive(id: string): Promise<Uint8Array> {
    return new Uint8Array(await (await requestFrom(this.#cell, `/api/v1/evidence-packages/${id}/archive`)).arrayBuffer());
  }

  async #until(at: string, isDone: (answer: Readonly<Record<string, unknown>>) => boolean): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const answer = await this.#get<Readonly<Record<string, unknown>>>(at);
      if (isDone(answer)) return answer;
      if (answer['state'] === 'failed' || Date.now() > this.#cell.deadline) throw new TamperError('tamper_material_missing', `${at} is ${String(answer['state'])}.`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  async #get<T>(at: string): Promise<T> {
    return await (await requestFrom(this.#cell, at)).json() as T;
  }

  async #post<T>(at: string, body: object): Promise<T> {
    return await (await requestFrom(this.#cell, at, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }, at.endsWith('/drafts'))).json() as T;
  }
}

/** @throws TamperError `tamper_material_missing` for a refusal, unless it may be one */
export async function requestFrom({ url, apiKey }: ServingCell, at: string, init: RequestInit = {}, mayRefuse = false): Promise<Response> {
  const response = await fetch(`${url}${at}`, { ...init, headers: { ...init.headers, authorization: `Bearer ${apiKey}` } });
  if (!response.ok && !mayRefuse) throw new TamperError('tamper_material_missing', `${init.method ?? 'GET'} ${at} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
  return response;
}
