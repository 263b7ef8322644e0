import type { Clock } from '@countersign/platform/clock/clock.ts';
import { createEgress } from '@countersign/platform/egress/egress.ts';
import type { Connector } from '../sdk/connector.ts';
import { approvalInHand } from './approval-in-hand.ts';
import { CallEnded } from './call.ts';
import type { DecisionPoint, GatewayLog, GatewayParts } from './parts.ts';
import { carryOut } from './carry-out.ts';
import { createCredentialHeaders } from './credentials.ts';
import { planAndDecide } from './decide.ts';
import { settleEarlierEffect } from './earlier-effect.ts';
import { honourDecision } from './honour-decision.ts';
import { createInstanceEgresses } from './instance-egresses.ts';
import type { EgressFactory } from './instance-egresses.ts';
import { createManifestSchemas } from './manifest-schemas.ts';
import type { CallRequest, CallResult, CredentialVault, Gateway, GatewayStore, Instances, ModelStores } from './ports.ts';
import { resolveCall } from './resolve.ts';
import { validateParameters } from './validate-parameters.ts';

export interface GatewayOptions {
  readonly connectors: readonly Connector[];
  readonly store: GatewayStore;
  readonly pdp: DecisionPoint;
  readonly instances: Instances;
  readonly vault: CredentialVault;
  readonly models: ModelStores;
  readonly clock: Clock;
  readonly log: GatewayLog;
  /** How connections are made; tests give one with a resolver or limits of their own. */
  readonly egress?: EgressFactory;
}

export interface RunningGateway extends Gateway {
  /** Cuts the connections to peers. */
  close(): Promise<void>;
}

/** The policy enforcement point: the one way in which anything leaves Countersign. The same in workers and in the agent. */
export function createGateway(options: GatewayOptions): RunningGateway {
  const { egress = createEgress, ...given } = options;
  const egresses = createInstanceEgresses(egress, options.vault);
  const parts: GatewayParts = {
    ...given,
    connectors: new Map(options.connectors.map((connector) => [connector.manifest.name, connector])),
    schemas: createManifestSchemas(options.connectors),
    egresses,
    credentials: createCredentialHeaders(options.vault, options.clock),
    nested: (request) => runPipeline(parts, request, true),
  };
  return {
    call: (request) => runPipeline(parts, request, false),
    manifests: () => options.connectors.map((connector) => connector.manifest),
    close: () => egresses.close(),
  };
}

async function runPipeline(parts: GatewayParts, request: CallRequest, nested: boolean): Promise<CallResult> {
  try {
    const call = await resolveCall(parts, request, nested);
    validateParameters(parts, call);
    // What an earlier attempt sent is settled with the system of record before anything else is thought of.
    await settleEarlierEffect(parts, call);
    const approval = await approvalInHand(parts, call);
    const { plan, decision } = await planAndDecide(parts, call, approval);
    await honourDecision(parts, call, plan, decision);
    // Allowed. The intent commits first: nothing leaves before it.
    return await carryOut(parts, call, plan, decision);
  } catch (error) {
    if (error instanceof CallEnded) return error.result;
    throw error;
  }
}
