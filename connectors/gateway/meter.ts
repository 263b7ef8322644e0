import type { Call } from './call.ts';
import { ONE_CALL } from './estimate.ts';
import type { GatewayParts } from './parts.ts';
import type { Performed } from './performed.ts';
import { priced } from './pricing.ts';
import type { PricedUsage, PriceLists } from './pricing.ts';

/** What the call used up, priced: what the connector counted, and the call itself when something went over the wire. An error may have cost, too. */
export function meter(parts: GatewayParts, call: Call, performed: Performed, lists: PriceLists): PricedUsage[] {
  const counted = performed.state === 'succeeded' ? (performed.result.usage ?? []) : performed.usage;
  const usage = performed.state === 'succeeded' && performed.exchanges.count() > 0 ? [ONE_CALL, ...counted] : counted;
  const lines = usage.map((used) => priced(lists, used, parts.clock.now()));
  for (const { meter: name, model } of lines.filter((line) => !line.is_priced)) {
    parts.log.warn({ action: call.request.action, meter: name, model, run_id: call.request.identity.run.id }, 'a call used up something that no price is known for');
  }
  return lines;
}
