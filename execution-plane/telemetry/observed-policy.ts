import type { DecisionPoint } from '@countersign/connectors/gateway/parts.ts';
import type { Tracing } from '@countersign/platform/telemetry/spans.ts';
import type { Observer } from './observer.ts';

/** The decision point, with each decision counted and, where traces are recorded, a span. Neither holds parameters, facts or reasons' words. */
export function observedPolicy(point: DecisionPoint, { observer, tracing }: { readonly observer: Observer; readonly tracing: Tracing }): DecisionPoint {
  return {
    decide: (input, options) => tracing.inSpan(() => ({
      name: `decide ${input.action.connector}/${input.action.name}`,
      attributes: { 'countersign.action': `${input.action.connector}/${input.action.name}`, 'countersign.risk': input.action.risk, 'countersign.instance.id': input.instance.id },
    }), async (span) => {
      const decision = await point.decide(input, options);
      observer.decided(input, decision.outcome);
      if (tracing.enabled) {
        span.set({
          'countersign.decision.outcome': decision.outcome, 'countersign.decision.rules': decision.reasons.map(({ rule }) => rule).join(' '),
          'countersign.policy.revision': decision.bundle?.revision, 'countersign.policy.seq': decision.bundle?.seq,
        });
      }
      return decision;
    }),
  };
}
