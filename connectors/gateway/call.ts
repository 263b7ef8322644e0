import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Action, Connector, JsonObject, Prepared } from '../sdk/connector.ts';
import type { DigestedAction } from './canonical-action.ts';
import type { CredentialHeaders } from './credentials.ts';
import type { InstanceEgresses } from './instance-egresses.ts';
import type { ManifestSchemas } from './manifest-schemas.ts';
import type { CallError, CallRequest, CallResult, CredentialVault, GatewayStore, Instances, InstanceView, ModelStores } from './ports.ts';

/** What every stage of the pipeline may use. */
export interface GatewayParts {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly store: GatewayStore;
  readonly pdp: DecisionPoint;
  readonly instances: Instances;
  readonly vault: CredentialVault;
  readonly models: ModelStores;
  readonly clock: Clock;
  readonly log: GatewayLog;
  readonly schemas: ManifestSchemas;
  readonly egresses: InstanceEgresses;
  readonly credentials: CredentialHeaders;
  /** The pipeline itself, for what an action calls in its turn. */
  readonly nested: (request: CallRequest) => Promise<CallResult>;
}

/** Of the policy decision point, what the gateway asks. It never rejects. */
export interface DecisionPoint {
  decide(input: PolicyInput): Promise<PolicyDecision>;
}

/** Of the logger, what the gateway uses. Entries hold ids and codes, never parameters or outputs. */
export interface GatewayLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One call whose action and instance are known. */
export interface Call {
  readonly request: CallRequest;
  readonly connector: Connector;
  readonly actionName: string;
  readonly manifest: ActionManifest;
  readonly action: Action;
  readonly instance: InstanceView;
  readonly changesSomething: boolean;
  /** Made by an action and not by a step: it can neither write nor wait for people. */
  readonly nested: boolean;
}

/** The exact action that is decided on, and for writes what was prepared. */
export interface PlannedAction extends DigestedAction {
  /** As they will be sent, free texts included. */
  readonly parameters: JsonObject;
  readonly prepared: Prepared | null;
}

/** Ends the pipeline with a result: a stage either hands on what the next one needs, or throws this. */
export class CallEnded extends Error {
  override readonly name = 'CallEnded';
  readonly result: CallResult;

  constructor(result: CallResult) {
    super(`The call ended: ${result.kind}`);
    this.result = result;
  }
}

export function endedBy(error: CallError): CallEnded {
  return new CallEnded({ kind: 'failed', error });
}
