import type { SealedParameters, WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { Usage } from '@countersign/connectors/sdk/connector.ts';
import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import { OrderError } from '../orders/errors.ts';

/** When an order may still begin, by two clocks: neither one that is set back nor one that stands still makes it longer. */
export interface OrderClock {
  /** Corrected by what the cell says of the time. */
  readonly now: () => Date;
  /** Milliseconds that nobody moves. */
  readonly monotonic: () => number;
}

/** One order while it is carried out: what the parts of the gateway here know of it, and of how far it is. */
export class RunningOrder {
  readonly order: WorkOrder;
  readonly sealed: SealedParameters;
  readonly identity: CallIdentity;
  /** Something may have been sent before the agent was stopped: it is looked up, and nothing is sent. */
  readonly findsOut: boolean;
  /** Cut when the agent stops. */
  readonly signal: AbortSignal;
  /** What was used up so far, besides the call itself. */
  readonly usage: Usage[] = [];
  /** What was taken out of an answer that was found by looking it up. */
  hidden: HiddenCharacters = {};
  /** Whether the intent of its own call is on the disk. */
  hasIntended: boolean;
  /** Whether how it ended is on the disk. */
  hasEnded = false;
  readonly #clock: OrderClock;
  readonly #until: number;

  constructor({ order, sealed }: Pick<RunningOrder, 'order' | 'sealed'>, clock: OrderClock, of: { readonly findsOut: boolean; readonly signal: AbortSignal }) {
    [this.order, this.sealed] = [order, sealed];
    [this.findsOut, this.hasIntended, this.signal] = [of.findsOut, of.findsOut, of.signal];
    this.identity = identityOf(order);
    this.#clock = clock;
    this.#until = clock.monotonic() + Date.parse(order.begin_before) - clock.now().getTime();
  }

  /** Whether anything of it may still leave. */
  mayBegin(): boolean {
    return this.#clock.now().getTime() < Date.parse(this.order.begin_before) && this.#clock.monotonic() < this.#until;
  }

  /** Whether `call` is the order's own, and not one that its action makes in its turn. */
  isItsOwn({ callKey }: CallIdentity): boolean {
    return callKey === this.order.identity.call_key;
  }

  get changesSomething(): boolean {
    return this.order.risk !== 'read';
  }
}

function identityOf({ identity: { run, step, tenant, workspace, environment, call_key } }: WorkOrder): CallIdentity {
  return {
    tenant, workspace, environment, step, callKey: call_key,
    run: { id: run.id, workflow: run.workflow, workflowVersion: run.workflow_version, workflowDigest: run.workflow_digest },
  };
}

/** The orders that are carried out now. Those of one step are carried out one after another, so a call says which order it belongs to. */
export class RunningOrders {
  readonly #byStep = new Map<string, RunningOrder>();

  begin(running: RunningOrder): void {
    this.#byStep.set(running.order.identity.step.id, running);
  }

  end({ order: { identity: { step } } }: RunningOrder): void {
    this.#byStep.delete(step.id);
  }

  /** @throws OrderError `order_not_running` a call of an order that has ended, or of none */
  of({ step }: CallIdentity): RunningOrder {
    const running = this.#byStep.get(step.id);
    if (running === undefined) throw new OrderError('order_not_running', `No order of the step ${step.id} is being carried out.`);
    return running;
  }
}
