export type ExecutionErrorCode =
  | 'config_invalid' | 'transition_conflict' | 'content_missing' | 'content_shredded' | 'credential_missing' | 'credential_unusable'
  | 'definition_invalid' | 'delivery_unreadable' | 'delivery_too_large' | 'delivery_too_deep' | 'delivery_attempts_exhausted' | 'limit_key_failed' | 'workflow_inactive' | 'model_unknown' | 'model_missing' | 'model_damaged' | 'instance_missing' | 'bundle_missing' | 'manifest_missing' | 'idempotency_key_invalid' | 'situation_unknown' | 'engine_unknown' | 'wait_invalid' | 'items_invalid' | 'too_many_items' | 'workflow_too_deep' | 'quota_exceeded';

/** What the execution plane itself refuses. The message names the thing and the fix, and holds no content. */
export class ExecutionError extends Error {
  override readonly name = 'ExecutionError';
  readonly code: ExecutionErrorCode;

  constructor(code: ExecutionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
