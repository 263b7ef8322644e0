import type { HiddenCharacters } from '@countersign/platform/text-safety/clean-text.ts';
import type { Call } from '../call.ts';
import type { CallError, CallRequest, CallResult, ExistingEffect, FixedAction } from '../ports.ts';
import type { RemotePlace } from '../remote-place.ts';
import type { TestGateway } from './test-gateway.ts';

/** What a test does to the way between the cell and its agent. */
export interface Way {
  /** Nobody can be asked. */
  unreached: CallError | null;
  /** The answer to the next action is lost on its way; what was done is done. */
  loseAnswer: boolean;
}

/**
 * An agent without a wire: a second gateway that is given what an order would carry.
 *
 * @param cell whose store says what people approved
 */
export function inProcessAgent(agent: TestGateway, cell: () => TestGateway): { readonly remote: RemotePlace; readonly way: Way; readonly asked: string[] } {
  const way: Way = { unreached: null, loseAnswer: false };
  const asked: string[] = [];
  const ended = new Map<string, CallResult>();
  const requestOf = ({ request }: Call, fixed?: FixedAction): CallRequest => {
    const { identity, action, parameters, labels, model, signal, routedFrom, within } = request;
    return {
      identity, action, parameters, labels, model, signal, instanceName: null,
      ...(routedFrom === undefined ? {} : { routedFrom }), ...(within === undefined ? {} : { within }), ...(fixed === undefined ? {} : { fixed }),
    };
  };
  const remote: RemotePlace = {
    admit: async () => way.unreached,
    async prepare(call, follows) {
      asked.push('prepare');
      const answer = await agent.gateway.prepare(requestOf(call), follows);
      return answer.kind === 'prepared' ? { prepared: answer.prepared } : { error: errorOf(answer) };
    },
    async perform(call, plan, { callId, decision }) {
      asked.push('perform');
      const approval = cell().store.approvals().find(({ id }) => id === decision.approvalId);
      if (approval !== undefined) agent.store.bring(call.request.identity, approval, (await cell().store.findApproval(call.request.identity))?.votes ?? []);
      const fixed = { actionText: plan.text, actionDigest: plan.digest, content: plan.content, target: plan.prepared?.target ?? null };
      const result = await agent.gateway.call({ ...requestOf(call, fixed), parameters: plan.parameters });
      ended.set(callId, result);
      const exchanges = { count: () => 1, requestDigest: () => null, responseDigest: () => null, mayHaveChangedSomething: () => result.kind === 'uncertain' };
      const record = { exchanges, durationMs: 1, nestedLabels: [] };
      if (way.loseAnswer) return { state: 'uncertain', error: { code: 'agent_not_reached', message: 'The agent was lost.', retryable: true }, usage: [], ...record };
      if (result.kind !== 'succeeded') return { state: result.kind === 'uncertain' ? 'uncertain' : 'failed', error: errorOf(result), usage: [], ...record };
      return { state: 'succeeded', result: { output: result.output, ...(result.receipt === null ? {} : { receipt: result.receipt }) }, hidden: hiddenIn(agent), judgedThere: 'whole', ...record };
    },
    async told(_call, effect: ExistingEffect) {
      if (way.loseAnswer) return null;
      const result = ended.get(effect.callId);
      if (result?.kind === 'succeeded') return { happened: true, result: { output: result.output } };
      return result?.kind === 'failed' ? { happened: false, error: result.error } : null;
    },
    async reconcile() {
      asked.push('reconcile');
      return { happened: false };
    },
  };
  return { remote, way, asked };
}

function errorOf(result: Exclude<CallResult, { kind: 'succeeded' }>): CallError {
  if (result.kind === 'failed' || result.kind === 'uncertain') return result.error;
  const why = result.kind === 'denied' ? result.reasons.map(({ rule }) => rule).join(' ') : result.kind;
  return { code: 'agent_refused', message: why, retryable: false };
}

function hiddenIn({ store }: TestGateway): HiddenCharacters {
  const outcome = store.calls.at(-1)?.outcome;
  return outcome?.state === 'succeeded' ? (outcome.hidden ?? {}) : {};
}
