import { admitToInstance } from '../admission.ts';
import type { Decided } from '../ask-policy.ts';
import { CallEnded } from '../call.ts';
import type { Call } from '../call.ts';
import type { GatewayParts } from '../parts.ts';
import type { DecisionRecord, RoutedFrom } from '../ports.ts';
import { resolveCall } from '../resolve.ts';
import { validateParameters } from '../validate-parameters.ts';
import { carriedOn } from './adjust-call.ts';
import { denied, unmet } from './denied.ts';
import type { UnmetObligation } from './denied.ts';
import { changeParameters } from './parameter-changes.ts';

const MODEL = /^([a-z][a-z0-9-]*)\/[A-Za-z0-9][A-Za-z0-9._-]*$/;
const POOL = /^agent:([a-z][a-z0-9-]{0,39})$/;
const INSTANCE = /^instance:([A-Za-z0-9][A-Za-z0-9._-]*)$/;

/**
 * The call at the instance that policy sends it to, resolved, validated and admitted there: it is planned afresh and decided again. A call to
 * another model ends here with `routed`, and whoever asked asks that one. A call is sent on once; everything else is denied and says why.
 */
export async function routeOnward(parts: GatewayParts, { call, plan, decision }: Decided): Promise<Call> {
  const { target = '', caps = {}, redactions = [] } = decision.obligations;
  const refuse = async (rule: UnmetObligation, message: string): Promise<CallEnded> => denied(parts, call, unmet(decision, rule, message));

  if (call.nested) throw await refuse('route_not_available', `Policy sends ${call.request.action} to ${target}, but what an action calls in its turn stays with its instance.`);
  const from = cameFrom(call, decision);
  if (call.request.routedFrom !== undefined || target === from.target) throw await refuse('route_loop', loopMessage(call, target));
  const uncappable = changeParameters(plan.parameters, { caps, redactions }).uncappable;
  if (uncappable.length > 0) throw await refuse('cap_not_applicable', `Policy caps ${uncappable.join(', ')}, which is no number here. Mend the rule, or send a number.`);

  const name = INSTANCE.exec(target)?.[1] ?? null;
  const pool = POOL.exec(target)?.[1];
  if (name === null && pool === undefined) throw await toModel(parts, call, decision, from, refuse);
  const connector = call.connector.manifest.name;
  const instance = await parts.instances.find(call.request.identity, connector, name, pool);
  if (instance === null) throw await refuse('route_not_available', `Policy sends the call to ${target}, and there is ${name === null ? 'no single enabled instance' : `no enabled instance ${name}`} of ${connector} ${pool === undefined ? '' : `in that pool `}in ${call.request.identity.environment.name}.`);
  if (instance.id === call.instance.id) throw await refuse('route_loop', loopMessage(call, target));
  await parts.store.commitDecision(call.request.identity, decision);
  // Where policy sends it is its place, whatever the step says.
  const { pool: _placement, ...request } = call.request;
  const routed = carriedOn({ ...await resolveCall(parts, { ...request, instanceName: instance.name, routedFrom: from }, false), adjusted: call.adjusted });
  validateParameters(parts, routed);
  await admitToInstance(parts, routed);
  return routed;
}

type Refuse = (rule: UnmetObligation, message: string) => Promise<CallEnded>;

/** Only a call to a model has another model to go to: what a read or a write is about is in one system. */
async function toModel(parts: GatewayParts, call: Call, decision: DecisionRecord, from: RoutedFrom, refuse: Refuse): Promise<CallEnded> {
  const { target = '' } = decision.obligations;
  if (!MODEL.test(target)) return refuse('route_target_invalid', `Policy sends the call to ${target === '' ? 'nowhere' : target}; a target is <connector>/<model>, instance:<name> or agent:<pool>.`);
  if (call.manifest.risk !== 'model') return refuse('route_not_available', `Policy sends ${call.request.action} to the model ${target}, but it asks no model. Route it to an instance of ${call.connector.manifest.name}.`);
  await parts.store.commitDecision(call.request.identity, decision);
  return new CallEnded({ kind: 'routed', target, from });
}

function cameFrom(call: Call, { id: decisionId, obligations: { target = '', caps = {}, redactions = [] } }: DecisionRecord): RoutedFrom {
  const isToModel = call.manifest.risk === 'model' && !INSTANCE.test(target) && !POOL.test(target);
  return {
    target: isToModel ? (call.request.model?.use ?? `${call.connector.manifest.name}/${call.actionName}`) : `instance:${call.instance.name}`,
    decisionId, obligations: { caps, redactions },
  };
}

function loopMessage({ request: { routedFrom }, instance }: Call, target: string): string {
  if (routedFrom === undefined) return `Policy sends the call to ${target}, where it is already (${instance.name}). Mend the rule: it must not route what is there.`;
  return `Policy sent the call here from ${routedFrom.target} and now sends it on to ${target}. A call is routed once; mend the rule, for example by \`not input.routed_from\`.`;
}
