import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { isLegalTransition, RUN_STATES, STEP_STATES } from '@countersign/contracts/states/transitions.ts';

type Run = Pick<components['schemas']['Run'], 'state' | 'steps' | 'evidence' | 'finished_at'>;
type Role = components['schemas']['Role'];

/** Whether a person may do something now, and when not, why: a disabled button says so. */
export type Permission = { allowed: true } | { allowed: false; because: string };

const ALLOWED: Permission = { allowed: true };

/** Roles that only look. What the others may do is the server's to decide; its refusal names the role that is needed. */
const READ_ONLY_ROLES: readonly Role[] = ['viewer', 'auditor'];

export function mayCancel(run: Run, roles: readonly Role[]): Permission {
  if (run.state === 'cancelling') return refused('The run is already being cancelled.');
  if (!isLegalTransition(RUN_STATES, run.state, 'cancelling')) return refused(`The run has ended: it is ${run.state}.`);
  return mayAct(roles);
}

export function mayRedrive(run: Run, roles: readonly Role[]): Permission {
  if (!isLegalTransition(RUN_STATES, run.state, 'running') || run.state !== 'failed') return refused(`Only a failed run can be redriven; this one is ${run.state}.`);
  if (!run.steps.some(({ state }) => isRedrivable(state))) return refused('No step is dead or failed, so there is nothing to try again.');
  return mayAct(roles);
}

export function mayDownloadEvidence(run: Run): Permission {
  if (run.evidence !== null) return ALLOWED;
  if (run.finished_at === null) return refused('The evidence is built when the run has ended.');
  return refused('The run has ended; its evidence is built as soon as its audit events are sealed.');
}

/** A step that a person may send back to work. */
export function isRedrivable(state: components['schemas']['StepState']): boolean {
  return (state === 'dead' || state === 'failed') && isLegalTransition(STEP_STATES, state, 'ready');
}

function mayAct(roles: readonly Role[]): Permission {
  if (roles.some((role) => !READ_ONLY_ROLES.includes(role))) return ALLOWED;
  return refused(`Your ${roles.length === 1 ? 'role' : 'roles'} (${roles.join(', ') || 'none'}) can look but not act. Ask an admin of the workspace.`);
}

function refused(because: string): Permission {
  return { allowed: false, because };
}
