import type { FactSource, PolicyDecision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import type { Connector } from '../sdk/connector.ts';
import type { ActionCaches } from './action-cache.ts';
import type { CredentialHeaders } from './credentials.ts';
import type { InstanceGuard } from './health/instance-guard.ts';
import type { InstanceEgresses } from './instance-egresses.ts';
import type { ManifestSchemas } from './manifest-schemas.ts';
import type { RemotePlace } from './remote-place.ts';
import type { CallRequest, CallResult, CredentialVault, DeclaredConnectors, Facts, GatewayStore, Instances, ModelStores, Prices, Situation } from './ports.ts';

/** What every stage of the pipeline may use. */
export interface GatewayParts {
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly store: GatewayStore;
  readonly pdp: DecisionPoint;
  readonly situation: Situation;
  readonly facts: Facts;
  readonly instances: Instances;
  readonly declared: DeclaredConnectors;
  readonly vault: CredentialVault;
  readonly models: ModelStores;
  readonly prices: Prices;
  readonly clock: Clock;
  readonly log: GatewayLog;
  readonly schemas: ManifestSchemas;
  readonly egresses: InstanceEgresses;
  readonly caches: ActionCaches;
  /** Which instances may be called now. */
  readonly guard: InstanceGuard;
  readonly credentials: CredentialHeaders;
  /** Who carries out calls to instances that this process cannot reach; null: nobody. */
  readonly remote: RemotePlace | null;
  /** The pipeline itself, for what an action calls in its turn. */
  readonly nested: (request: CallRequest) => Promise<CallResult>;
}

/** Of the policy decision point, what the gateway asks. It never rejects. */
export interface DecisionPoint {
  decide(input: PolicyInput, options?: { readonly facts?: FactSource }): Promise<PolicyDecision>;
}

/** Of the logger, what the gateway uses. Entries hold ids and codes, never parameters or outputs. */
export interface GatewayLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
