import { ORDER_REFUSALS } from '@countersign/contracts/agent/refusals.ts';
import type { OrderRefusal } from '@countersign/contracts/agent/refusals.ts';

/** An order that is not carried out. Nothing has left because of it. */
export class OrderRefusedError extends Error {
  override readonly name = 'OrderRefusedError';
  readonly refusal: OrderRefusal;

  /** @param detail what exactly does not hold; never anything of the order's content */
  constructor(refusal: OrderRefusal, detail: string) {
    super(`${ORDER_REFUSALS[refusal].says} ${detail}`);
    this.refusal = refusal;
  }
}
