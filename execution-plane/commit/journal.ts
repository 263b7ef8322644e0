import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { Committer } from './committer.ts';
import type { SealedContent } from '../contents/contents.ts';
import type { Part, PartResult } from './part.ts';

/** What is not followed by something that must be committed anyway is not kept waiting for longer. */
const LONGEST_DELAY_MS = 25;

/** What a run noted is not written though its lease is held: the run is not as it was remembered, or PostgreSQL refuses the rows. */
export class NotWrittenError extends StaleLeaseError {
  override readonly name = 'NotWrittenError';
  /** The first that is not written; those before it are, those after it are not. */
  readonly part: Part;

  constructor(part: Part, result: PartResult) {
    super(part.holder.stepId, part.holder.fence);
    this.part = part;
    if (result.kind === 'refused') this.cause = result.error;
  }
}

interface Entry {
  readonly part: Part;
  /** Of those that somebody waits for: their refusal is for that one to deal with, and stops nobody else. */
  readonly own: PromiseWithResolvers<PartResult> | null;
  readonly onWritten: (() => void) | undefined;
}

/**
 * What a worker has to say of one run while it works on it, in order. What may wait is noted, and goes with what may not: the outcome of a call,
 * the end of its step and the claim of the next one commit together with the next call's intent. Nothing leaves, and nobody is told anything,
 * before that; and nothing waits for longer than a few milliseconds.
 */
export class RunJournal {
  readonly #committer: Pick<Committer, 'commit'>;
  #entries: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Flushes follow one another: what is noted later is committed later. */
  #flushing: Promise<void> = Promise.resolve();
  #isFlushing = false;
  #failure: Error | null = null;
  #output: { readonly of: object; readonly content: SealedContent } | null = null;

  constructor(committer: Pick<Committer, 'commit'>) {
    this.#committer = committer;
  }

  /** Whether something is noted, or being written, that is not committed yet. */
  get isOpen(): boolean {
    return this.#isFlushing || this.#entries.length > 0;
  }

  /** Whether moves are noted that are not committed. */
  get hasMoves(): boolean {
    return this.#entries.some(({ part }) => part.expected !== null);
  }

  /** What was noted as the output of a call is the output of its step, too: it is kept once. */
  keepOutput(of: object, content: SealedContent): void {
    this.#output = { of, content };
  }

  /** The content that `output`, this very object, was noted as; null where it was not. */
  keptOutput(output: object): SealedContent | null {
    return this.#output?.of === output ? this.#output.content : null;
  }

  /** Commits it with what comes next, or soon. @throws what an earlier flush has failed with */
  note(part: Part, onWritten?: () => void): void {
    this.#refuseAfterFailure();
    this.#entries.push({ part, own: null, onWritten });
    this.#timer ??= setTimeout(() => { this.flush().catch(() => undefined); }, LONGEST_DELAY_MS);
  }

  /** Resolves when everything noted is committed. @throws StaleLeaseError; NotWrittenError where a part is not written though the lease is held */
  async flush(): Promise<void> {
    await this.#flushed();
    this.#refuseAfterFailure();
  }

  /** Commits `part` after everything noted before it, and together with it. `refused` where PostgreSQL refuses it. @throws as `flush`, for what was before it */
  async commit(part: Part): Promise<Exclude<PartResult, { kind: 'stale' | 'dropped' }>> {
    this.#refuseAfterFailure();
    const own = Promise.withResolvers<PartResult>();
    this.#entries.push({ part, own, onWritten: undefined });
    void this.#flushed();
    const result = await own.promise;
    if (result.kind === 'done' || result.kind === 'refused') return result;
    this.#refuseAfterFailure();
    throw new StaleLeaseError(part.holder.stepId, part.holder.fence);
  }

  /** Begins anew after a failure that was dealt with: what was noted after it is forgotten. */
  forgetFailure(): void {
    this.#failure = null;
  }

  #flushed(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flushAll());
    return this.#flushing;
  }

  /** Never rejects. */
  async #flushAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isFlushing = true;
    for (let entries = this.#take(); entries.length > 0; entries = [...entries, ...this.#take()]) {
      const [first, ...others] = entries.map(({ part }) => part);
      const results = await this.#committer.commit([first!, ...others]);
      const bad = results.findIndex(({ kind }) => kind !== 'done');
      for (const { own, onWritten } of entries.splice(0, bad < 0 ? entries.length : bad)) {
        onWritten?.();
        own?.resolve({ kind: 'done' });
      }
      const refused = entries.shift();
      if (refused === undefined) break;
      const result = results[bad]!;
      if (refused.own === null || result.kind !== 'refused') this.#fail(refused.part, result, entries);
      refused.own?.resolve(result);
      if (this.#failure !== null) break;
    }
    this.#isFlushing = false;
  }

  #take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  #fail(part: Part, result: PartResult, behind: readonly Entry[]): void {
    const { stepId, fence } = part.holder;
    this.#failure = result.kind === 'stale' ? new StaleLeaseError(stepId, fence) : new NotWrittenError(part, result);
    for (const { own } of [...behind, ...this.#take()]) own?.resolve({ kind: 'dropped' });
  }

  #refuseAfterFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}
