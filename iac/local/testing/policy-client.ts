import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { CellUnderTest } from './cell-under-test.ts';

type Schemas = components['schemas'];

/** What the answer to a call was, refusals included: tests judge both. */
export interface Reply<T> {
  readonly status: number;
  readonly body: T;
}

/** The policy part of the public API, by the launcher's own key. */
export class PolicyClient {
  readonly #url: string;
  readonly #key: string;

  private constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  static async of(cell: CellUnderTest): Promise<PolicyClient> {
    const state = await cell.state();
    return new PolicyClient(state.url, state.api_key);
  }

  async send<T>(method: string, path: string, body?: object): Promise<Reply<T>> {
    const response = await fetch(new URL(path, this.#url), {
      method, headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  async environmentId(name: string): Promise<string> {
    const { body } = await this.send<Schemas['PolicyOverview']>('GET', '/api/v1/policies');
    const found = body.environments.find(({ environment }) => environment === name);
    if (found === undefined) throw new Error(`The cell has no environment ${name}.`);
    return found.environment_id;
  }

  draft(files: Record<string, string>, more: object = {}): Promise<Reply<Schemas['PolicyDraft']>> {
    return this.send('POST', '/api/v1/policies/tenant/drafts', { files, ...more });
  }

  /** Checks, publishes and gives the version. */
  async publish(files: Record<string, string>, message: string): Promise<number> {
    const draft = await this.draft(files);
    if (!draft.body.valid) throw new Error(`The policy is not valid: ${JSON.stringify(draft.body.report?.problems ?? draft.body)}`);
    const version = await this.send<Schemas['PolicyVersion']>('POST', '/api/v1/policies/tenant/versions', { draft_id: draft.body.id, message });
    return version.body.version;
  }

  /** Binding where no mode is given. */
  release(release: Omit<Schemas['NewPolicyRelease'], 'mode'> & Partial<Schemas['NewPolicyRelease']>): Promise<Reply<Schemas['PolicyRelease']>> {
    return this.send('POST', '/api/v1/policy-releases', release);
  }
}
