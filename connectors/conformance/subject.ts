import type { CredentialValue, InstanceView } from '../gateway/ports.ts';
import type { Connector, JsonObject } from '../sdk/connector.ts';

/**
 * What a package's `conformance.ts` exports as `conformance`: the connector, and how its stand-in is started. Everything else, faults
 * included, is the suite's: it puts a proxy between the gateway and the stand-in, so the stand-in needs to know nothing of faults.
 */
export interface ConformanceSubject {
  readonly connector: Connector;
  /** A system that speaks the real protocol over a real socket. Called once; the suite stops it. */
  start(): Promise<StandIn>;
}

export interface StandIn {
  /** `http://127.0.0.1:port`; null for a connector that sends nothing anywhere. */
  readonly url: string | null;
  /** What the stand-in lets in; null for a connector that needs none. */
  readonly credential: CredentialValue | null;
  readonly settings?: JsonObject;
  /** Every action of the manifest. */
  readonly actions: Readonly<Record<string, ActionSubject>>;
  /** Other connectors that actions call, with instances of their own. Their credentials are named by the instances' `credentialId`. */
  readonly alongside?: {
    readonly connectors: readonly Connector[];
    readonly instances: readonly InstanceView[];
    readonly credentials: Readonly<Record<string, CredentialValue>>;
  };
  stop(): Promise<void>;
}

export interface ActionSubject {
  /** Parameters that succeed at the stand-in. Asked for anew by each check, so a write can be given a record of its own. */
  parameters(): JsonObject | Promise<JsonObject>;
  /**
   * For writes: how often the effect of `parameters` is at the stand-in now, read from its own records and not through the connector.
   * A write that sets values counts 1 when they are set; one that adds (a note, a comment) counts what was added.
   */
  effects?(parameters: JsonObject): number | Promise<number>;
  /** For calls to a model: what the workflow names it by. */
  readonly model?: string;
  /** Calls that must have succeeded before this one can: names of other actions of the connector, in order. */
  readonly after?: readonly string[];
}
