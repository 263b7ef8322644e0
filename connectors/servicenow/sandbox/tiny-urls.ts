/**
 * `POST /api/now/tinyurl`: a short name for a query too long for a URL, used as `sysparm_tiny` on a later GET.
 * Kept in memory, the newest 1,000.
 */
import type { Answer } from './answers.ts';
import { jsonAnswer } from './answers.ts';
import { TableApiError } from './errors.ts';
import type { SandboxRequest } from './requests.ts';
import { recordInBody } from './requests.ts';
import { newSysId } from './store.ts';

const KEPT = 1_000;

export class TinyUrls {
  readonly #queries = new Map<string, string>();

  /** Answers with `<table>_list.do?sysparm_tiny=<name>`. */
  create(request: SandboxRequest): Answer {
    const { url } = recordInBody(request.body);
    if (typeof url !== 'string' || !URL.canParse(url, 'http://sandbox.invalid')) throw new TableApiError(400, 'Bad Request', 'url is required');
    const parsed = new URL(url, 'http://sandbox.invalid');
    const name = newSysId();
    this.#queries.set(name, parsed.search);
    const [oldest] = this.#queries.keys();
    if (this.#queries.size > KEPT && oldest !== undefined) this.#queries.delete(oldest);
    return jsonAnswer(201, { result: `${parsed.pathname.split('/').at(-1)}_list.do?sysparm_tiny=${name}` });
  }

  /** The request with the query its `sysparm_tiny` stands for; the same request where it has none. */
  expand(request: SandboxRequest): SandboxRequest {
    const name = request.query.get('sysparm_tiny');
    const search = name === null ? undefined : this.#queries.get(name);
    return search === undefined ? request : { ...request, query: new URLSearchParams(search) };
  }
}
