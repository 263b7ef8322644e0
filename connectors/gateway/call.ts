import type { ActionManifest } from '@countersign/contracts/connectors/manifest.ts';
import type { Action, Connector, JsonObject, Prepared } from '../sdk/connector.ts';
import type { DigestedAction } from './canonical-action.ts';
import type { Adjusted, CallError, CallRequest, CallResult, InstanceView } from './ports.ts';

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
  /** What policy has had taken out of `request.parameters`; null: they are as they were asked for. */
  readonly adjusted: Adjusted | null;
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
