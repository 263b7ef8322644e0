import type { Clock } from '@countersign/platform/clock/clock.ts';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import type { Connector } from '../sdk/connector.ts';
import { createActionCaches } from './action-cache.ts';
import { admitToInstance } from './admission.ts';
import { approvalInHand } from './approval-in-hand.ts';
import { CallEnded, endedBy } from './call.ts';
import type { DecisionPoint, GatewayLog, GatewayParts } from './parts.ts';
import { createCredentialHeaders } from './credentials.ts';
import { planAndDecide } from './decide.ts';
import { notSentAgain, settleEarlierEffect } from './earlier-effect.ts';
import { namedKey } from './effect-key.ts';
import type { InstanceGuard } from './health/instance-guard.ts';
import { honourDecision } from './honour-decision.ts';
import { carriedOn } from './obligations/adjust-call.ts';
import { createInstanceEgresses } from './instance-egresses.ts';
import type { EgressFactory } from './instance-egresses.ts';
import { commitIntent } from './intent.ts';
import { createManifestSchemas } from './manifest-schemas.ts';
import { cleanAnswer } from './clean-answer.ts';
import { commitOutcome } from './outcome.ts';
import { perform } from './perform.ts';
import type { CallRequest, CallResult, CredentialVault, RefreshedTokens, DeclaredConnectors, Facts, Gateway, GatewayStore, Instances, ModelStores, Prices, Situation } from './ports.ts';
import { prepareOnly } from './prepare-only.ts';
import type { PreparedOnly } from './prepare-only.ts';
import { redactAnswer } from './redact.ts';
import type { RemotePlace } from './remote-place.ts';
import { resolveCall } from './resolve.ts';
import { validateAnswer } from './validate-answer.ts';
import { validateParameters } from './validate-parameters.ts';

export interface GatewayOptions {
  readonly connectors: readonly Connector[];
  readonly store: GatewayStore;
  readonly pdp: DecisionPoint;
  readonly situation: Situation;
  readonly facts: Facts;
  readonly instances: Instances;
  /** Connectors without code, which tenants publish as manifests. Absent: there are none. */
  readonly declared?: DeclaredConnectors;
  readonly vault: CredentialVault;
  /** Absent: credentials of kind oauth_refresh_token cannot be used. */
  readonly refreshed?: RefreshedTokens;
  readonly models: ModelStores;
  readonly prices: Prices;
  readonly guard: InstanceGuard;
  /** Who carries out calls to instances that are not reached from here. Absent: nobody, and there are none. */
  readonly remote?: RemotePlace;
  readonly clock: Clock;
  readonly log: GatewayLog;
  /** How connections are made; tests give one with a resolver or limits of their own. */
  readonly egress?: EgressFactory;
}

export interface RunningGateway extends Gateway {
  /**
   * What a write would send exactly: the stages up to the decision, and none after it. For the agent, whose cell goes on from there.
   *
   * @param follows the approval that the action takes the place of
   */
  prepare(request: CallRequest, follows: string | null): Promise<PreparedOnly>;
  /** Cuts the connections to peers. */
  close(): Promise<void>;
}

const NONE_DECLARED: DeclaredConnectors = { of: async () => null };

/** The policy enforcement point: the one way in which anything leaves Countersign. The same in workers and in the agent. */
export function createGateway(options: GatewayOptions): RunningGateway {
  const { egress = createEgress, declared = NONE_DECLARED, remote = null, ...given } = options;
  const egresses = createInstanceEgresses(egress, options.vault);
  const parts: GatewayParts = {
    ...given,
    declared,
    remote,
    connectors: new Map(options.connectors.map((connector) => [connector.manifest.name, connector])),
    schemas: createManifestSchemas(),
    egresses,
    caches: createActionCaches(() => options.clock.now().getTime()),
    credentials: createCredentialHeaders(options.vault, options.clock, options.refreshed ?? null),
    nested: (request) => runPipeline(parts, request, true),
  };
  return {
    call: (request) => runPipeline(parts, request, false),
    prepare: (request, follows) => prepareOnly(parts, request, follows),
    manifests: () => options.connectors.map((connector) => connector.manifest),
    close: () => egresses.close(),
  };
}

/**
 * The stages that every call goes through, in this order, each in a file of its own. A stage either hands on what the next one needs or
 * ends the call (`CallEnded`); what it throws besides is a fault of ours, and nothing is sent after it.
 */
async function runPipeline(parts: GatewayParts, request: CallRequest, nested: boolean): Promise<CallResult> {
  try {
    // Resolve: only code and instances whose manifest was approved.
    const asked = carriedOn(await resolveCall(parts, request, nested));
    // Validate: only parameters that the manifest takes, and that have one canonical form. What was prepared elsewhere was made from such.
    if (request.fixed === undefined || !asked.changesSomething) validateParameters(parts, asked);
    // Admission: nothing is asked of an instance that is down or has asked for silence.
    await admitToInstance(parts, asked);
    // Idempotency: what was sent before, here or under the same key, is never sent again on a guess. The reservation is the intent's row.
    const key = namedKey(asked);
    await settleEarlierEffect(parts, asked, key);
    if (request.onlyFindOut !== undefined) throw endedBy(notSentAgain(request.onlyFindOut));
    // Canonical action, digest and decision: policy is asked about exactly what will be sent, each time, whatever people have approved. What
    // it caps, redacts or sends to another instance is another call from here on, and decided again.
    const approval = await approvalInHand(parts, asked);
    const decided = await planAndDecide(parts, asked, approval);
    // Obligations: goes on only when policy allows the call now; everything else is recorded and ends it.
    await honourDecision(parts, decided);
    const { call, plan, decision } = decided;
    // Intent: committed before the effect, with the decision, the use of the approval, the key and the reservation in the budgets.
    const intended = await commitIntent(parts, call, plan, decision, key);
    // Credential and egress: the connector's code, with a way out to its instance only; it never sees the credential.
    const performed = await perform(parts, call, plan, intended);
    // Response: nothing that people cannot see is let in, nothing that breaks the manifest is a success, nothing that it redacts is kept.
    const answer = redactAnswer(call, validateAnswer(parts, call, cleanAnswer(call, performed)));
    // Outcome and meter: committed together, and the reservation is settled by what the call really cost.
    return await commitOutcome(parts, call, intended, answer);
  } catch (error) {
    if (error instanceof CallEnded) return error.result;
    throw error;
  }
}
