import axios from 'axios';
import type { AxiosInstance } from 'axios';

export interface Visit {
  readonly seq: number;
  readonly user: string;
  readonly path: string;
  /** Whether it wrote to a record. */
  readonly effect: boolean;
}

/** Who came to the ServiceNow, by its own log. Its own people are not counted. */
export class Visits {
  readonly #http: AxiosInstance;

  constructor(url: string, adminPassword: string) {
    this.#http = axios.create({ baseURL: url, proxy: false, timeout: 30_000, auth: { username: 'admin', password: adminPassword } });
  }

  async since(seq: number): Promise<readonly Visit[]> {
    return (await this.#log(seq)).filter(({ user }) => user !== 'admin');
  }

  /** The number of the last request so far. */
  async last(): Promise<number> {
    return (await this.#log(0)).at(-1)?.seq ?? 0;
  }

  async #log(seq: number): Promise<readonly Visit[]> {
    return (await this.#http.get<{ requests: Visit[] }>('/sandbox/requests', { params: { since: seq } })).data.requests;
  }
}
