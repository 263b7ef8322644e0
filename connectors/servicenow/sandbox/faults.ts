/**
 * Failures on demand, for whoever tests a client: slow answers, answers of a proxy instead of ServiceNow's, connections
 * cut before the effect or, worse, after it. Set through the control API; no part of ServiceNow.
 */
import { newSysId } from './store.ts';

export type FaultKind =
  /** Waits before the effect. */
  | 'slow'
  /** Takes effect at once, waits before answering. */
  | 'slow_answer'
  /** Answers with `status` and `body`; no effect. */
  | 'answer'
  /** Takes effect, then answers with `status` and `body` all the same. */
  | 'answer_after_effect'
  /** Cuts the connection; no effect. */
  | 'drop'
  /** Takes effect and cuts the connection: the lost answer. */
  | 'drop_after_effect';

export const FAULT_KINDS: readonly FaultKind[] = ['slow', 'slow_answer', 'answer', 'answer_after_effect', 'drop', 'drop_after_effect'];

export interface Fault {
  id: string;
  kind: FaultKind;
  /** Which requests; left out, any. */
  method?: string;
  table?: string;
  user?: string;
  /** How many requests are left to fail; null means until removed. */
  remaining: number | null;
  delay_ms: number;
  status: number;
  body: string;
  content_type: string;
}

export type FaultOrder = Pick<Fault, 'kind'> & Partial<Omit<Fault, 'id' | 'kind' | 'remaining'>> & { times?: number | null };

const PROXY_PAGE = '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';

export class Faults {
  #faults: Fault[] = [];

  list(): readonly Fault[] {
    return this.#faults;
  }

  /** Adds a fault; `times` is 1 where it is left out, null for "until removed". */
  add(order: FaultOrder): Fault {
    const { times, ...rest } = order;
    const fault: Fault = {
      delay_ms: 1000, status: 502, body: PROXY_PAGE, content_type: 'text/html', ...rest,
      id: newSysId(), remaining: times === undefined ? 1 : times,
    };
    this.#faults.push(fault);
    return fault;
  }

  clear(): void {
    this.#faults = [];
  }

  /** The fault that strikes this request, used up by one. */
  take(request: { method: string; table: string; user: string }): Fault | undefined {
    const fault = this.#faults.find((candidate) =>
      (candidate.method ?? request.method) === request.method
      && (candidate.table ?? request.table) === request.table
      && (candidate.user ?? request.user) === request.user);
    if (fault === undefined || fault.remaining === null) return fault;
    fault.remaining -= 1;
    if (fault.remaining <= 0) this.#faults = this.#faults.filter((candidate) => candidate !== fault);
    return fault;
  }
}
