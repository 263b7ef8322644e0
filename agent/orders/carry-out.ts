import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import type { GatewayLog } from '@countersign/connectors/gateway/parts.ts';
import type { RunningGateway } from '@countersign/connectors/gateway/gateway.ts';
import { StaleLeaseError } from '@countersign/connectors/gateway/ports.ts';
import type { CallError } from '@countersign/connectors/gateway/ports.ts';
import type { RunningOrder, RunningOrders } from '../gateway/running-order.ts';
import { SpoolError } from '../spool/errors.ts';
import type { Spool } from '../spool/spool.ts';
import { failedWith, mayHaveHappened } from './ending.ts';
import type { Ending, Refused } from './ending.ts';
import { executeOrder } from './execute-order.ts';
import { tellOutcome } from './outcome-entry.ts';
import { prepareOrder } from './prepare-order.ts';
import { reconcileOrder } from './reconcile-order.ts';

export interface CarryOutParts {
  readonly gateway: Pick<RunningGateway, 'call' | 'prepare'>;
  readonly orders: RunningOrders;
  readonly spool: Pick<Spool, 'commit'>;
  readonly log: GatewayLog;
}

/**
 * Carries out one order to its end, which is on the disk when this resolves: an outcome, or a refusal.
 * @throws SpoolError it could not be written; the order is gone on with when the agent is started again
 */
export async function carryOut(parts: CarryOutParts, running: RunningOrder): Promise<void> {
  parts.orders.begin(running);
  try {
    const ending = await endingOf(parts, running);
    if (!running.hasEnded) await tell(parts, running, ending);
  } finally {
    parts.orders.end(running);
  }
}

async function endingOf(parts: CarryOutParts, running: RunningOrder): Promise<Ending> {
  if (!running.mayBegin()) return lapsed(running);
  try {
    switch (running.order.kind) {
      case 'prepare': return await prepareOrder(parts.gateway, running);
      case 'execute': return await executeOrder(parts.gateway, running);
      case 'reconcile': return await reconcileOrder(parts.gateway, running);
      // Standing, and begun elsewhere (`triggers/watches.ts`).
      case 'watch': return failedWith({ code: 'agent_fault', retryable: false, message: 'A watch is not carried out like a call.' });
    }
  } catch (error) {
    if (error instanceof SpoolError) throw error;
    if (error instanceof StaleLeaseError) return lapsed(running);
    parts.log.error({ err: error, order_id: running.order.id }, 'an order could not be carried out');
    return broken(running, { code: 'agent_fault', retryable: true, message: `The agent failed while it carried out ${running.order.action}; its log says why.` });
  }
}

/** Its time is over, people have stopped it, or the step has another holder by now. */
function lapsed(running: RunningOrder): Ending {
  const why = 'its time was over, it was stopped, or the step had another holder';
  const message = `The order for ${running.order.action} was not to be begun any more when it was its turn: ${why}.`;
  return broken(running, { code: 'order_lapsed', retryable: true, message });
}

/** What was intended may have been sent. */
function broken({ hasIntended }: RunningOrder, error: CallError): Ending {
  return hasIntended ? mayHaveHappened(error) : failedWith(error);
}

async function tell({ spool, log }: CarryOutParts, running: RunningOrder, ending: Ending): Promise<void> {
  const { order, changesSomething } = running;
  if ('refusal' in ending) return tellRefusal({ spool, log }, order.id, ending);
  await spool.commit((tx) => {
    const { call_id, idempotency_key } = order;
    const kept = call_id === null || idempotency_key === null || order.kind !== 'execute' ? undefined : tx.call(call_id, idempotency_key);
    // It is looked up when the cell asks.
    if (kept?.state === 'intended' && kept.call_id === call_id) tx.putCall({ ...kept, state: 'uncertain' });
    tellOutcome(tx, { id: order.id, changesSomething }, ending.outcome);
  });
}

/** It was in order, and is not carried out all the same. */
async function tellRefusal({ spool, log }: Pick<CarryOutParts, 'spool' | 'log'>, order_id: string, { refusal, why }: Refused): Promise<void> {
  const said = { order_id, refusal, why };
  if (ORDER_REFUSALS[refusal].alarm) log.error(said, 'an order of the cell was refused');
  else log.warn(said, 'an order is not carried out');
  await spool.commit((tx) => {
    tx.append('order.refused', { order_id, kid: null, refusal, envelope_sha256: tx.order(order_id)?.envelope_sha256 ?? '' });
    tx.moveOrder(order_id, 'ended');
  });
}
