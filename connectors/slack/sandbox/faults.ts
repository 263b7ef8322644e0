/** What goes wrong with the next calls of a method: Slack says "later", or does it and its answer is lost. */
export interface Fault {
  readonly method: string;
  readonly kind: 'rate_limited' | 'answer_lost' | 'server_error';
  readonly times: number;
  readonly retry_after_s?: number;
}

export class Faults {
  readonly #left = new Map<string, Fault>();

  set(fault: Fault): void {
    this.#left.set(fault.method, fault);
  }

  /** The fault of this call, if one is due. */
  take(method: string): Fault | undefined {
    const fault = this.#left.get(method);
    if (fault === undefined) return undefined;
    if (fault.times <= 1) this.#left.delete(method);
    else this.#left.set(method, { ...fault, times: fault.times - 1 });
    return fault;
  }
}
