import type { FieldProblem } from '@countersign/contracts/errors/catalogue.ts';
import { MAX_DEPTH, workflowStartedBy } from '@countersign/contracts/workflow/definition.ts';
import type { ActionChecks, KnownWorkflows } from './action-checks.ts';
import type { StepDocument, WorkflowDocument } from './workflow-document.ts';
import type { Path } from './yaml-source.ts';

/**
 * What is wrong with the workflow that a step starts: it is not there, it comes back to this one, or goes too deep. Seen as far as workflows are
 * published; a run stops what is published later.
 */
export function checkStartedWorkflow(step: StepDocument, path: Path, { metadata }: WorkflowDocument, { workflows, source }: ActionChecks): FieldProblem[] {
  const name = workflowStartedBy(step.uses)!;
  const at = [...path, 'uses'];
  if (name === metadata.name) return [source.problem(at, 'workflow_cycle', `${name} would start itself without end. Remove this step.`)];
  if (workflows === null) return [];
  if (!workflows.has(name)) return [source.problem(at, 'workflow_unknown', `There is no published workflow "${name}". Publish it first. There are: ${[...workflows.keys()].join(', ') || 'none'}.`)];
  const chain = longestChain([metadata.name, name], workflows);
  if (chain.at(-1) === metadata.name) return [source.problem(at, 'workflow_cycle', `Workflows would start one another without end: ${chain.join(' -> ')}. Remove one of these steps.`)];
  if (chain.length - 1 > MAX_DEPTH) return [source.problem(at, 'workflow_too_deep', `Workflows start one another at most ${MAX_DEPTH} deep, and here are ${chain.length - 1}: ${chain.join(' -> ')}. Do more in fewer of them.`)];
  return [];
}

/** The longest way down from the end of `chain`; or the first that comes back to its beginning. */
function longestChain(chain: readonly string[], workflows: KnownWorkflows): readonly string[] {
  let longest = chain;
  // Whatever goes round below without coming back to the beginning was published before this was looked at; runs stop it.
  if (chain.length > MAX_DEPTH + 1) return longest;
  for (const next of workflows.get(chain.at(-1)!) ?? []) {
    if (next === chain[0]) return [...chain, next];
    const further = longestChain([...chain, next], workflows);
    if (further.at(-1) === chain[0]) return further;
    if (further.length > longest.length) longest = further;
  }
  return longest;
}
