import type { Autonomy } from '../policy/decision.ts';

/**
 * A workflow as it is after publishing: parsed, checked, `needs` completed. Stored beside the YAML it came from and pinned by runs.
 * The YAML's own shape is `workflow.schema.json`.
 */
export interface WorkflowDefinition {
  readonly api_version: 'countersign.dev/v1';
  readonly name: string;
  readonly description: string;
  /** What starts a run: an event of a connector, the clock, or only a person or the runtime itself. */
  readonly trigger: { readonly connector: string; readonly event: string } | { readonly schedule: ScheduleTrigger } | 'manual';
  /** How many runs are under way at the same time. Absent: no limit. */
  readonly concurrency?: ConcurrencyLimit;
  /** How many runs begin in a stretch of time. Absent: no limit. */
  readonly rate?: RateLimit;
  /** Before or after the other runs of its workspace. Absent: `normal`. */
  readonly priority?: Priority;
  /** How far it may go by itself, which policy judges by. Absent: `DEFAULT_AUTONOMY`. */
  readonly autonomy?: Autonomy;
  /** Models by the name that steps use. `use` is `<connector>/<model>`. */
  readonly models: Readonly<Record<string, { readonly use: string; readonly fallback: readonly string[] }>>;
  /** Prompts and schemas that came along, by digest; their texts stand in the steps that name them. Absent: none. */
  readonly files?: readonly WorkflowFile[];
  /** From its beginning, waits included; then nothing new begins in it. Absent: none. */
  readonly deadline_ms?: number;
  /** What a step `workflow/<name>` that started it gets as its output; strings may hold `${{ CEL }}`. Absent: nothing. */
  readonly outputs?: { readonly [name: string]: unknown };
  /** In the order of the source. The graph is in `needs`. */
  readonly steps: readonly StepDefinition[];
}

/** Due by the clocks of a time zone. */
export interface ScheduleTrigger {
  /** Five fields, as of crontab. */
  readonly cron: string;
  /** Of the IANA database. */
  readonly time_zone: string;
  readonly catch_up: CatchUp;
}

/** What becomes of due times that no worker was there for: none of them, the last of them, or each of the last `MAX_CAUGHT_UP`. */
export type CatchUp = 'skip' | 'latest' | 'all';

export const MAX_CAUGHT_UP = 100;

export interface ConcurrencyLimit {
  /** CEL over the trigger, without the `${{ }}`: runs of another key are not counted. Absent: all runs of the workflow in the environment. */
  readonly key?: string;
  readonly limit: number;
  readonly on_conflict: OnConflict;
}

/** `queue`: the run waits; `drop`: it is not made; `cancel_running`: the oldest under way is cancelled, and the run waits until it has ended. */
export type OnConflict = 'queue' | 'drop' | 'cancel_running';

/** At most `count` runs begin in any `per_ms`; the others wait. */
export interface RateLimit {
  /** As of `ConcurrencyLimit`. */
  readonly key?: string;
  readonly count: number;
  readonly per_ms: number;
}

export type Priority = 'low' | 'normal' | 'high';

/** A file of a workflow version, which never changes. */
export interface WorkflowFile {
  /** As steps name it: `prompts/triage.md`. */
  readonly path: string;
  /** `sha256:<hex>` of its text. */
  readonly sha256: string;
  readonly size_bytes: number;
}

export interface StepDefinition {
  readonly id: string;
  /** `<connector>/<action>`, `model/generate`, `wait`, `transform`, `map` or `workflow/<name>`. */
  readonly uses: string;
  /** Name of the connector instance; null means the only one of that connector in the environment. */
  readonly instance: string | null;
  /** Where its action is carried out: by the agents of the pool. Absent: wherever its instance is. */
  readonly placement?: Placement;
  /** Parameters; strings may hold `${{ CEL }}`. A string that is exactly one expression keeps the expression's type. */
  readonly with: { readonly [name: string]: unknown };
  /** CEL, without the `${{ }}`. The step is skipped when it is false. */
  readonly if: string | null;
  /**
   * For writes: names the effect in its environment, in place of the key that is derived from the run; may hold `${{ CEL }}`. Whichever step
   * of whichever run uses it second is given the stored outcome of the first, and is refused when its parameters differ.
   */
  readonly idempotency_key?: string;
  /** Step ids this one waits for: those it names, and those its expressions refer to. */
  readonly needs: readonly string[];
  readonly retry: { readonly max_attempts: number; readonly backoff: 'exponential' | 'fixed'; readonly initial_ms: number; readonly max_ms: number };
  readonly timeout_ms: number;
  /** Over all its attempts and waits, from its first. Absent: none. */
  readonly deadline_ms?: number;
  /** Of a map: what is done with each item. Their `needs` name steps of the same item; what they refer to outside is among the map's. */
  readonly steps?: readonly StepDefinition[];
  /** Of a map. */
  readonly on_item_failure?: OnItemFailure;
}

/** `agent:<pool>` */
export type Placement = `agent:${string}`;

export function poolOf(placement: Placement): string {
  return placement.slice('agent:'.length);
}

/** `fail`: no further item begins and the map fails; `continue`: the item counts as failed and the others go on. */
export type OnItemFailure = 'fail' | 'continue';

/** What the runtime itself does: none of them calls anything. */
export const WAIT = 'wait';
export const TRANSFORM = 'transform';
export const MAP = 'map';
const WORKFLOW = 'workflow/';

/** The workflow that a step `workflow/<name>` starts; null for every other step. */
export function workflowStartedBy(uses: string): string | null {
  return uses.startsWith(WORKFLOW) ? uses.slice(WORKFLOW.length) : null;
}

export const MAX_ITEMS = 1_000;
/** Of all items together: a run stays what one transaction can move. */
export const MAX_ITEM_STEPS = 3_000;
export const DEFAULT_MAP_CONCURRENCY = 5;
export const MAX_MAP_CONCURRENCY = 100;
/** A run that nothing started has depth 0. */
export const MAX_DEPTH = 5;
/** A year and a day. */
export const MAX_WAIT_MS = 366 * 86_400_000;

/** What expressions may refer to: `trigger.<field>`, `steps.<id>.output.<field>`, `run.id`, `run.workflow`; in the steps of a map also `item` and `index`. */
export const EXPRESSION_ROOTS = ['trigger', 'steps', 'run', 'item', 'index'] as const;

export const DEFAULT_AUTONOMY: Autonomy = 'supervised';
export const DEFAULT_RETRY: StepDefinition['retry'] = { max_attempts: 5, backoff: 'exponential', initial_ms: 1_000, max_ms: 60_000 };
export const DEFAULT_TIMEOUT_MS = 30_000;
