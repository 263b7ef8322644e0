/** A message of the queue, as `work-message.schema.json` has it. A version that a worker does not know is left for one that does. */
export interface WorkMessage {
  readonly v: 1;
  readonly tenant_id: string;
  readonly run_id: string;
  /** W3C Trace Context of the run. */
  readonly traceparent?: string;
}

export const WORK_MESSAGE_VERSION = 1;
