export type SessionErrorCode =
  /** No connection: no name, no route, nobody there. It is tried again. */
  | 'cell_unreachable'
  /** There is a proxy set, and nobody is there. */
  | 'proxy_unreachable'
  /** The proxy wants another credential, or does not let this through. */
  | 'proxy_refused'
  /** What answers is not the cell that this agent was enrolled with. */
  | 'cell_untrusted'
  /** No answer in time, or the connection broke off. It is tried again. */
  | 'cell_silent'
  /** Whoever asked does not want the answer any more. */
  | 'taken_back'
  /** The cell said no; `problem` has its code. */
  | 'cell_refused'
  /** What it said is not what the protocol says. */
  | 'answer_invalid';

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retry_after_s: number | null;
}

/** Why the cell was not asked, or did not do what it was asked for. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  readonly problem: Problem | null;

  constructor(code: SessionErrorCode, message: string, { problem = null, ...options }: ErrorOptions & { problem?: Problem | null } = {}) {
    super(message, options);
    this.code = code;
    this.problem = problem;
  }
}
