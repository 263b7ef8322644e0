import axios from 'axios';
import type { AxiosInstance } from 'axios';
import { CellError } from '../cell/errors.ts';

export interface RaisedTicket {
  readonly sys_id: string;
  readonly number: string;
  readonly short_description: string;
}

/** The sandbox as its own people use it: they raise tickets, and look at the record afterwards. Countersign is not asked. */
export class SandboxClient {
  readonly #http: AxiosInstance;

  /** @param socketPath a Unix socket that leads to it, where its network is not ours */
  constructor(url: string, adminPassword: string, socketPath: string | null = null) {
    this.#http = axios.create({ baseURL: url, ...(socketPath === null ? {} : { socketPath }), proxy: false, timeout: 30_000, auth: { username: 'admin', password: adminPassword }, headers: { accept: 'application/json' } });
  }

  async raise(count: number): Promise<RaisedTicket[]> {
    const { data } = await this.#http.post<{ tickets: RaisedTicket[] }>('/sandbox/tickets', { count });
    if (data.tickets.length !== count) throw new CellError('seed_failed', `The sandbox raised ${data.tickets.length} of ${count} tickets.`);
    return data.tickets;
  }

  /** The incident as it is now: stored values by field. */
  async incident(sysId: string): Promise<Record<string, string>> {
    const { data } = await this.#http.get<{ result: Record<string, string> }>(`/api/now/v2/table/incident/${sysId}`, { params: { sysparm_exclude_reference_link: 'true' } });
    return data.result;
  }

  /** What was asked of it after the request numbered `seq`, but by its own people. */
  async requestsSince(seq: number): Promise<Array<{ readonly seq: number; readonly user: string; readonly effect: boolean }>> {
    const { data } = await this.#http.get<{ requests: Array<{ seq: number; user: string; effect: boolean }> }>('/sandbox/requests', { params: { since: seq } });
    return data.requests.filter(({ user }) => user !== 'admin');
  }

  /** Requests that changed a record, since it started. */
  async effects(): Promise<number> {
    return (await this.requestsSince(0)).filter(({ effect }) => effect).length;
  }

  /** From now on requests of this method take effect at once and are answered later. */
  async answerSlowly(method: string, delayMs: number): Promise<void> {
    await this.#http.post('/sandbox/faults', { kind: 'slow_answer', method, delay_ms: delayMs, times: null });
  }

  async answerAtOnce(): Promise<void> {
    await this.#http.delete('/sandbox/faults');
  }

  /** The work notes of an incident that carry `marker`. */
  async workNotes(sysId: string, marker: string): Promise<string[]> {
    const { data } = await this.#http.get<{ result: Array<{ value: string }> }>('/api/now/v2/table/sys_journal_field', {
      params: { sysparm_query: `element_id=${sysId}^element=work_notes^valueLIKE${marker}`, sysparm_fields: 'value' },
    });
    return data.result.map((entry) => entry.value);
  }
}
