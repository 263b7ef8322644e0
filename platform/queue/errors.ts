export type QueueErrorCode = 'queue_unreachable' | 'queue_missing' | 'queue_refused';

/** What the queue did not do. Nothing is lost by it: the work itself is in Postgres, and workers look there, too. */
export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
