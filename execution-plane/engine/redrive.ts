import { itemKeyOf } from '@countersign/contracts/workflow/item-keys.ts';
import { OPEN } from './run-graph.ts';
import type { RunGraph, StepNode } from './run-graph.ts';

/** What a redrive moves: steps that begin anew with all their attempts, and those that their failure had cancelled. */
export interface Redrive<Node extends StepNode> {
  readonly broken: readonly Node[];
  readonly behind: readonly Node[];
}

/**
 * The steps that a redrive makes ready (`broken`) and lets wait again (`behind`). With a step of an item goes its map, which gathers anew; an
 * item of a map that went on without it is left as it is. Every run that failed can be redriven. Null where there is nothing to redrive.
 */
export function redriveOf<Node extends StepNode>(run: Omit<RunGraph, 'steps'> & { readonly steps: readonly Node[] }, stepKey: string | null): Redrive<Node> | null {
  if (!['failed', 'running', 'waiting'].includes(run.state)) return null;
  const byKey = new Map(run.steps.map((step) => [step.key, step]));
  const asked = run.steps.filter((step) => isBroken(step) && (stepKey === null || step.key === stepKey) && !isOver(mapOf(step, byKey)));
  const maps = asked.map((step) => mapOf(step, byKey)).filter((map) => map !== undefined && isBroken(map) && !asked.includes(map)) as Node[];
  const broken = [...asked, ...new Set(maps)];
  const behind = run.state === 'failed' ? run.steps.filter((step) => step.state === 'cancelled' && !isOver(mapOf(step, byKey))) : [];
  // What only its deadline ended goes on with what was cancelled, and where all was done by then it is done with.
  const goesOn = broken.length > 0 || (stepKey === null && run.state === 'failed');
  return goesOn ? { broken, behind } : null;
}

function isBroken({ state }: StepNode): boolean {
  return state === 'dead' || state === 'failed';
}

function mapOf<Node extends StepNode>({ key }: Node, byKey: ReadonlyMap<string, Node>): Node | undefined {
  const item = itemKeyOf(key);
  return item === null ? undefined : byKey.get(item.map);
}

/** A map that succeeded has gathered what there was. */
function isOver(map: StepNode | undefined): boolean {
  return map !== undefined && !isBroken(map) && !OPEN.has(map.state) && map.state !== 'cancelled' && map.state !== 'blocked';
}
