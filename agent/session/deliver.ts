import { AGENT_PATHS, MAX_BODY_BYTES, MAX_ENTRIES_PER_DELIVERY } from '@countersign/contracts/agent/protocol.ts';
import type { DeliverAnswer, DeliverRequest } from '@countersign/contracts/agent/protocol.ts';
import type { Spool } from '../spool/spool.ts';
import type { CellConnection } from './cell-connection.ts';
import { readAnswer } from './read-answer.ts';

const ANSWER_MS = 30_000;
/** Sealed bytes are about as many as the text that they were; base64 and names around them are not ours to count. */
const BYTES = MAX_BODY_BYTES / 2;

/**
 * Gives the cell what it does not have yet, in order, and forgets what it says it holds. An answer that is lost on the way costs a repetition: the cell
 * knows each entry by its number and hash, so what comes twice counts once.
 *
 * @returns how many entries the cell has taken; 0: there was nothing to give
 * @throws SessionError; SpoolError `spool_forked` the cell holds something that this spool did not give it
 */
export async function deliver(spool: Pick<Spool, 'epoch' | 'undelivered' | 'delivered'>, connection: Pick<CellConnection, 'ask'>): Promise<number> {
  const { prev_hash, entries } = spool.undelivered(MAX_ENTRIES_PER_DELIVERY, BYTES);
  const [first] = entries;
  if (first === undefined) return 0;
  const request: DeliverRequest = { epoch: spool.epoch, first_seq: first.seq, prev_hash, entries };
  const { acked_seq, hash } = readAnswer<DeliverAnswer>('deliver_answer', await connection.ask({ method: 'POST', path: AGENT_PATHS.deliver, json: request, timeout_ms: ANSWER_MS }));
  await spool.delivered(acked_seq, hash);
  return Math.max(0, acked_seq - first.seq + 1);
}
