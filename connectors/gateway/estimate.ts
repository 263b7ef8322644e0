import type { Usage } from '../sdk/connector.ts';
import type { Estimate } from './budget.ts';
import type { Call, PlannedAction } from './call.ts';
import type { GatewayParts } from './parts.ts';
import { priced } from './pricing.ts';
import type { PriceLists } from './pricing.ts';
import { sumOf } from './usd.ts';

/** What every call that goes over the wire uses up, whatever else. */
export const ONE_CALL: Usage = { meter: 'connector.call', quantity: 1, unit: 'call' };

/** The price of what the action says it may use up at most. Calls that it makes in its turn have estimates of their own. */
export function estimateOf(parts: GatewayParts, call: Call, plan: PlannedAction, lists: PriceLists): Estimate {
  const usage = [...(call.instance.baseUrl === null ? [] : [ONE_CALL]), ...(call.action.estimate?.(plan.parameters) ?? [])];
  const lines = usage.map((used) => priced(lists, used, parts.clock.now()));
  return {
    amountUsd: sumOf(lines.map((line) => line.amount_usd)),
    unpriced: lines.filter((line) => !line.is_priced).map(({ meter, model }) => (model === undefined ? meter : `${meter} (${model})`)),
  };
}
