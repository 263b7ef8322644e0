import { FACT_NAMES } from '@countersign/contracts/policy/decision.ts';
import type { WorkOrder } from '@countersign/contracts/agent/work-order.ts';
import type { CallIdentity } from '@countersign/connectors/gateway/call-identity.ts';
import type { DecisionRecord, Facts } from '@countersign/connectors/gateway/ports.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { DecisionPoints } from '../policy/decision-points.ts';

export interface OrderFactsParts {
  readonly facts: Facts;
  readonly policy: Pick<DecisionPoints, 'reads'>;
  readonly clock: Clock;
}

type OrderFacts = WorkOrder['facts'];

/**
 * What the rules of the cell's bundle count by, for an agent that decides by them: as it was for the decision that lets the call go on, and looked up now
 * where nothing has been decided yet.
 */
export async function orderFacts({ facts, policy, clock }: OrderFactsParts, call: CallIdentity, about: { readonly action: string; readonly instanceId: string }, decision: DecisionRecord | null): Promise<OrderFacts> {
  const decidedBy = decision === null ? {} : factsIn(decision);
  const reads = await policy.reads({ tenantId: call.tenant.id, environmentId: call.environment.id });
  const missing = FACT_NAMES.filter((name) => reads.includes(name) && !Object.hasOwn(decidedBy, name));
  const source = facts.of(call, { ...about, at: clock.now() });
  return { ...decidedBy, ...Object.fromEntries(await Promise.all(missing.map(async (name) => [name, await source[name]()] as const))) };
}

/** What was looked up for the bundle stands in the input that was decided on. */
function factsIn({ inputText }: DecisionRecord): OrderFacts {
  const input = JSON.parse(inputText) as Record<string, unknown> | null;
  return Object.fromEntries(FACT_NAMES.flatMap((name) => (input !== null && Object.hasOwn(input, name) ? [[name, input[name]]] : [])));
}
