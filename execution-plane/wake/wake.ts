/**
 * How workers hear that there is work. A hint and never more: the work itself is in Postgres, and every worker looks there by itself
 * every `pollMs`, so that what is lost, doubled or late costs time and nothing else.
 */
export interface Wake {
  /** For how long a worker that hears nothing waits before it looks. */
  readonly pollMs: number;
  /** After a commit: some step can be claimed that its mover does not go on with itself. */
  ready(): void;
  /** Calls `onWork` whenever there may be something to claim. */
  start(onWork: () => void): Promise<void>;
  /** A look was just made; `free` steps more could be taken up. More than none means that nothing was left to claim. */
  looked(free: number): void;
  /** What operators see of it. */
  state(): Promise<WakeState>;
  /** Hears nothing any more: this worker takes up nothing new. It still tells others. */
  drain(): Promise<void>;
  /** As `drain`, and tells what was not told yet. */
  stop(): Promise<void>;
}

export type WakeState =
  | { readonly kind: 'postgres' }
  /** `asked_at`: ISO 8601. Null where the queue does not say. */
  | { readonly kind: 'sqs'; readonly asked_at: string; readonly visible: number | null; readonly in_flight: number | null; readonly dead_letters: number | null };
