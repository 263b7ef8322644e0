import { AGENT_PATHS, POLL_HELD_MS, PROTOCOL } from '@countersign/contracts/agent/protocol.ts';
import type { PollAnswer, PollRequest } from '@countersign/contracts/agent/protocol.ts';
import type { DsseEnvelope } from '@countersign/contracts/evidence/dsse.ts';
import type { TrustedClock } from '../clock/trusted-clock.ts';
import type { HeldKeys } from '../orders/held-keys.ts';
import type { Spool } from '../spool/spool.ts';
import type { CellConnection } from './cell-connection.ts';
import { readAnswer } from './read-answer.ts';

/** What the cell holds a poll for, and as long again for it to come: what is not answered then never will be. */
const ANSWER_MS = POLL_HELD_MS + 15_000;

export interface Polled {
  readonly spool: Pick<Spool, 'epoch' | 'commit' | 'room'>;
  /** Orders that were refused: the cell need not offer them again, though the reason may still be on its way. */
  readonly refused: () => readonly string[];
  readonly clock: TrustedClock;
  /** This machine's own clock. */
  readonly machine: () => Date;
  readonly keys: HeldKeys;
  /** Keeps a key set that was accepted, before it is relied on after a restart. */
  readonly keepKeys: (keys: HeldKeys) => Promise<void>;
  /** A key set that is older than the one held, or that no held key has signed: no honest cell sends it. */
  readonly onKeysRefused: (envelope: DsseEnvelope) => Promise<void>;
  /** Everything else that the cell is told each time. */
  readonly state: () => AgentState;
  /** So long the cell is waited for. */
  readonly answer_ms?: number;
}

export type AgentState = Omit<PollRequest, 'protocol' | 'received' | 'spool' | 'key_set_seq' | 'clock'>;

/**
 * One poll: says how this agent is and which orders are on its disk, and waits for what there is to do. The answer's time corrects the clock, and a newer
 * set of keys that a held key signed is taken. Which orders are really done is for `acceptOrder` to say.
 *
 * @throws SessionError
 */
export async function poll(polled: Polled, connection: Pick<CellConnection, 'ask'>, signal?: AbortSignal): Promise<PollAnswer> {
  const { spool, refused, clock, machine, keys, keepKeys, onKeysRefused, state, answer_ms = ANSWER_MS } = polled;
  const { bytes, limit_bytes, seq, delivered_seq, state: room } = spool.room();
  // From a spool that is damaged nothing is read any more; that it is, the cell has to hear.
  const received = room === 'damaged' ? [] : await spool.commit((tx) => tx.receiptsToTell());
  const request: PollRequest = {
    ...state(), protocol: PROTOCOL, received: [...new Set([...received, ...refused()])], key_set_seq: keys.seq, clock: machine().toISOString(),
    spool: { epoch: spool.epoch, seq, delivered_seq, bytes, limit_bytes, state: room },
  };
  const asked = await connection.ask({ method: 'POST', path: AGENT_PATHS.poll, json: request, timeout_ms: answer_ms, ...(signal === undefined ? {} : { signal }) });
  const answer = readAnswer<PollAnswer>('poll_answer', asked);
  // The cell names the time as it answers, and had held the poll before: only the way back is between the two, which is short.
  clock.learn(new Date(answer.server_time), 0);
  // It has read that they are here: what comes again from now on is a replay.
  if (received.length > 0) await spool.commit((tx) => tx.receiptsTold(received));
  if (answer.key_set !== null) await (keys.accept(answer.key_set) ? keepKeys(keys) : onKeysRefused(answer.key_set));
  return answer;
}
