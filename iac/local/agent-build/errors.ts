export type AgentBuildErrorCode =
  | 'bundle_failed'
  /** The agent reaches what has no place on a customer's machine. */
  | 'bundle_has_foreign_parts'
  | 'packages_invalid'
  | 'signing_key_invalid'
  | 'release_not_verified'
  | 'arguments_invalid';

/** Why the agent's binary was not built, or not believed. */
export class AgentBuildError extends Error {
  override readonly name = 'AgentBuildError';
  readonly code: AgentBuildErrorCode;

  constructor(code: AgentBuildErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
