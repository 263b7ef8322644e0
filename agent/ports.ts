import type { PolicyHeld, PollAnswer } from '@countersign/contracts/agent/protocol.ts';
import type { DecisionPoint } from '@countersign/connectors/gateway/parts.ts';
import type { Intake } from './orders/accept-order.ts';

/** What carries out orders, for whoever brings them from the cell. */
export interface OrderRunner {
  /**
   * Takes an order or refuses it; either is on the disk before this resolves. One that was taken is begun afterwards, and how it ends is for the spool.
   * @throws SpoolError nothing can be written, so nothing is taken
   */
  take(envelope: unknown): Promise<Intake>;
  /** Goes on with what had been taken when the agent stopped. Once, before the first `take`. */
  resume(): Promise<void>;
  /** How many more orders it takes now. */
  free(): number;
  /** Ids of orders that were taken and have not ended. */
  underWay(): readonly string[];
  /** Takes no more orders; those under way go on. */
  drain(): void;
  /** Takes orders again. */
  undrain(): void;
  /** When nothing is under way any more. */
  idle(): Promise<void>;
  /** Ends what is under way where it is, and cuts the connections to peers. What was intended is looked up by the next start. */
  close(): Promise<void>;
}

/** What the cell answers to a question for the bundle of a scope. */
export type BundleAnswer = { readonly status: 304 } | { readonly status: 200; readonly body: Uint8Array; readonly etag: string };

/** `etag`: of the bundle that is held, null where none is. Rejects where the cell cannot be asked or answers anything else. */
export type FetchBundle = (scope: string, etag: string | null) => Promise<BundleAnswer>;

/** The agent's own policy: what it holds, and what it decides by it. */
export interface AgentPolicy extends DecisionPoint {
  held(): readonly PolicyHeld[];
  /** What the cell serves now, as a poll said. Another digest than the one held is fetched at once, without anybody waiting. */
  told(served: PollAnswer['policy']): void;
  /** The number of the bundle that decides in `scope`, after asking for a newer one where it is older than `atLeast`; null: none decides. */
  seq(scope: string, atLeast: number): Promise<number | null>;
  /** Reads what was kept on the disk, so that a restart without the cell decides by it until its time is over. */
  start(): Promise<void>;
  close(): Promise<void>;
}
