import type { Call } from './call.ts';
import type { Intended } from './intended.ts';
import { outputLabelsOf } from './labels.ts';
import { meter } from './meter.ts';
import { keptModelAnswer } from './model-answer.ts';
import type { GatewayParts } from './parts.ts';
import type { Performed } from './performed.ts';
import type { CallResult } from './ports.ts';

/** One transaction: what became of the call, its cost lines, and the settlement of what was reserved for it. */
export async function commitOutcome(parts: GatewayParts, call: Call, { callId, prices, approved }: Intended, performed: Performed): Promise<CallResult> {
  const { exchanges, durationMs } = performed;
  const costs = meter(parts, call, performed, prices);
  const answer = performed.state === 'succeeded' ? performed.result.model : performed.model;
  const model = answer === undefined ? {} : { model: keptModelAnswer(answer) };
  const record = { durationMs, requestDigest: exchanges.requestDigest(), responseDigest: exchanges.responseDigest(), ...model };
  if (performed.state !== 'succeeded') {
    const { state, error } = performed;
    await parts.store.commitOutcome(call.request.identity, callId, { state, error, costs, ...record });
    return state === 'failed' ? { kind: 'failed', error } : { kind: 'uncertain', callId, error };
  }
  const { result: { output, receipt = null }, hidden = {}, nestedLabels } = performed;
  await parts.store.commitOutcome(call.request.identity, callId, { state: 'succeeded', output, receipt, costs, hidden, nestedLabels, ...record });
  return { kind: 'succeeded', callId, output, outputLabels: outputLabelsOf(call, { nested: nestedLabels, hidden, approved }), receipt };
}
