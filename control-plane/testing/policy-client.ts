import type { ControlPlaneUnderTest, TestPrincipal } from './control-plane-under-test.ts';

// Each test says what it expects of the answers, which the harness checks against the contract.
type Json = Record<string, unknown>;

export interface Environments { readonly dev: string; readonly staging: string; readonly prod: string }

/** What people do with policy, over the API. */
export class PolicyClient {
  readonly #plane: ControlPlaneUnderTest;
  readonly #key: string;

  constructor(plane: ControlPlaneUnderTest, who?: TestPrincipal) {
    this.#plane = plane;
    this.#key = who?.key ?? plane.adminKey;
  }

  async environments(): Promise<Environments> {
    const { environments } = (await this.get('/policies')) as unknown as { environments: Array<{ environment: keyof Environments; environment_id: string }> };
    return Object.fromEntries(environments.map(({ environment, environment_id }) => [environment, environment_id])) as unknown as Environments;
  }

  /** The status and the body. */
  async call(method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Json & { status: number }> {
    const reply = await this.#plane.api(method, `/api/v1${path}`, { key: this.#key, ...(json === undefined ? {} : { json }), headers });
    return { ...reply.body, status: reply.status };
  }

  async get(path: string): Promise<Json> {
    const { status, ...body } = await this.call('GET', path);
    if (status !== 200) throw new TypeError(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  /** A valid draft of `files`, published; gives the number of the version. */
  async version(layer: string, files: Readonly<Record<string, string>>, more: Json = {}): Promise<number> {
    const draft = await this.call('POST', `/policies/${layer}/drafts`, { files, ...more });
    if (draft['valid'] !== true) throw new TypeError(`the draft is not valid: ${JSON.stringify(draft['report'] ?? draft)}`);
    const published = await this.call('POST', `/policies/${layer}/versions`, { draft_id: draft['id'], message: 'For a test' });
    if (published.status !== 201) throw new TypeError(JSON.stringify(published));
    return published['version'] as number;
  }

  release(environmentId: string, more: Json): Promise<Json & { status: number }> {
    return this.call('POST', '/policy-releases', { environment_id: environmentId, reason: 'For a test', ...more });
  }
}

/** A layer whose one rule denies an action. */
export function denying(layer: string, rule: string, action: string): string {
  return `package countersign.${layer}

verdicts contains verdict if {
	input.action.name == "${action}"
	verdict := {
		"outcome": "DENY",
		"rule": "${layer}/${rule}",
		"message": "${rule.replaceAll('_', ' ')}",
		"obligations": {},
	}
}
`;
}
