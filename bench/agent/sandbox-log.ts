import { AgentBenchError } from './errors.ts';
import type { BenchPlace } from './place.ts';

/** What the sandbox itself says that it was asked: nobody measures themselves. */
export class SandboxLog {
  readonly #place: BenchPlace;

  constructor(place: BenchPlace) {
    this.#place = place;
  }

  async raise(count: number): Promise<string[]> {
    const { tickets } = await this.#ask<{ tickets: Array<{ sys_id: string }> }>('POST', 'tickets', { count });
    return tickets.map(({ sys_id }) => sys_id);
  }

  /** How many requests there were, and clears the list. */
  async take(): Promise<number> {
    const { requests } = await this.#ask<{ requests: Array<{ user: string }> }>('GET', 'requests');
    await this.#ask('DELETE', 'requests');
    return requests.filter(({ user }) => user !== 'admin').length;
  }

  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    const credentials = Buffer.from(`admin:${this.#place.sandbox_admin_password}`).toString('base64');
    const response = await fetch(`${this.#place.sandbox_url}/sandbox/${path}`, {
      method, headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new AgentBenchError('request_refused', `${method} /sandbox/${path} answered ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
