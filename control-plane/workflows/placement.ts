import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { poolOf } from '@countersign/contracts/workflow/definition.ts';
import type { Placement, StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import type { ActionChecks } from './action-checks.ts';
import { MODEL_STEP } from './model-step.ts';
import { ownKindOf } from './own-kinds.ts';
import type { StepDocument } from './workflow-document.ts';
import type { Path } from './yaml-source.ts';

/** What is wrong with a place: a pool that no environment of the workspace has. Which instance is in it is known when a run is made, not before. */
export function checkPlacement(placement: Placement | 'cell' | undefined, path: Path, { pools, source }: Pick<ActionChecks, 'pools' | 'source'>): FieldProblem[] {
  if (placement === undefined || placement === 'cell' || pools === null || pools.has(poolOf(placement))) return [];
  const known = [...pools].sort().join(', ') || 'none';
  return [source.problem(path, 'pool_unknown', `No environment of this workspace has a pool of agents "${poolOf(placement)}". There are: ${known}. Make it first (countersign agent-pools make), or name another.`)];
}

/** The step's own place, else that of the whole workflow, for what is an action of a connector. `cell`: wherever its instance is. */
export function placementOf({ uses, placement }: StepDocument, ofWorkflow: Placement | undefined): Pick<StepDefinition, 'placement'> {
  if (uses === MODEL_STEP || ownKindOf(uses) !== null) return {};
  const chosen = placement ?? ofWorkflow;
  return chosen === undefined || chosen === 'cell' ? {} : { placement: chosen };
}
