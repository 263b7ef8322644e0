import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';
import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';

/** An order that is not carried out. Nothing has left because of it. */
export class OrderRefusedError extends Error {
  override readonly name = 'OrderRefusedError';
  readonly refusal: OrderRefusal;
  readonly detail: string;
  /** The order that the cell signed for this agent, where it is one: it is not taken later either. Null: what was refused is not even that. */
  readonly order: WorkOrder | null;

  /** @param detail what exactly does not hold; never anything of the order's content */
  constructor(refusal: OrderRefusal, detail: string, order: WorkOrder | null = null) {
    super(`${ORDER_REFUSALS[refusal].says} ${detail}`);
    this.refusal = refusal;
    this.detail = detail;
    this.order = order;
  }

  of(order: WorkOrder): OrderRefusedError {
    return new OrderRefusedError(this.refusal, this.detail, order);
  }
}

export type OrderErrorCode =
  /** A call of an order that has ended, or of none. */
  | 'order_not_running'
  /** Policy counts by something that the order does not bring. */
  | 'fact_missing'
  /** Agents keep no models. */
  | 'models_not_kept'
  /** What the spool has of a call is not what an effect is found by. */
  | 'call_unreadable';

/** A fault of this side while an order is carried out. */
export class OrderError extends Error {
  override readonly name = 'OrderError';
  readonly code: OrderErrorCode;

  constructor(code: OrderErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
