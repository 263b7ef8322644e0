import type { Autonomy } from '@countersign/contracts/policy/decision.ts';
import type { CatchUp, OnConflict, Placement, Priority, OnItemFailure, StepDefinition } from '@countersign/contracts/workflow/definition.ts';

/** The YAML as `workflow.schema.json` describes it. */
export interface WorkflowDocument {
  readonly apiVersion: 'countersign.dev/v1';
  readonly kind: 'Workflow';
  readonly metadata: { readonly name: string; readonly description?: string };
  readonly spec: {
    readonly trigger: 'manual' | { readonly connector: string; readonly event: string } | { readonly schedule: { readonly cron: string; readonly time_zone?: string; readonly catch_up?: CatchUp } };
    readonly concurrency?: { readonly key?: string; readonly limit: number; readonly on_conflict?: OnConflict };
    readonly rate?: { readonly key?: string; readonly count: number; readonly per_ms: number };
    readonly priority?: Priority;
    readonly deadline_ms?: number;
    readonly outputs?: Readonly<Record<string, unknown>>;
    readonly autonomy?: Autonomy;
    readonly placement?: Placement;
    readonly models?: Readonly<Record<string, { readonly use: string; readonly fallback?: readonly string[] }>>;
    readonly steps: readonly StepDocument[];
  };
}

export interface StepDocument {
  readonly id: string;
  readonly uses: string;
  readonly instance?: string;
  readonly placement?: Placement | 'cell';
  readonly with?: Readonly<Record<string, unknown>>;
  readonly if?: string;
  readonly idempotency_key?: string;
  readonly needs?: readonly string[];
  readonly timeout_ms?: number;
  readonly retry?: Partial<StepDefinition['retry']>;
  readonly deadline_ms?: number;
  readonly steps?: readonly StepDocument[];
  readonly on_item_failure?: OnItemFailure;
}
