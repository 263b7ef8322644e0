/** A reply as it came. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** The public API, every answer of which is kept: what is said to whoever asks is a place to look, too. */
export class RecordedApi {
  readonly answers: string[] = [];
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async send(method: string, path: string, options: { readonly json?: unknown; readonly body?: string; readonly headers?: Readonly<Record<string, string>>; readonly anonymous?: boolean } = {}): Promise<Reply> {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const response = await fetch(`${this.#url}${path}`, {
      method, redirect: 'manual', ...(body === undefined ? {} : { body }),
      headers: { ...(options.anonymous === true ? {} : { authorization: `Bearer ${this.#key}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
    });
    const text = await response.text();
    this.answers.push(`${response.status} ${JSON.stringify([...response.headers])} ${text}`);
    return { status: response.status, text, body: jsonOf(text) };
  }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}
