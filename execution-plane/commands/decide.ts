import { digestOf } from '@countersign/platform/canonical-json/canonicalize.ts';
import type { Moves } from '../dispatch/plan-moves.ts';
import { engineOf } from '../engine/versions.ts';
import type { LockedRun } from '../dispatch/repository-runs.ts';
import type { NewAuditEvent } from '../audit/events.ts';
import type { CommandRow } from './queries.ts';

/** What a command does to a run as it is under its lock. No I/O. Null when there is nothing that it could do. */
export function decideCommand(run: LockedRun, command: CommandRow, sent: ReadonlyMap<string, string>): Moves | null {
  return command.kind === 'cancel' ? cancel(run, sent) : redrive(run, command, sent);
}

/**
 * Settling stops what has not begun. What is in flight finishes, and is named, because it cannot be called back.
 *
 * @param sent the write that a step has under way, or of unknown outcome, by the step's key
 */
function cancel(run: LockedRun, sent: ReadonlyMap<string, string>): Moves | null {
  if (!['queued', 'running', 'waiting'].includes(run.state)) return null;
  const notStopped = run.steps.filter((step) => step.state === 'leased' || step.state === 'uncertain')
    .map((step) => ({ step_key: step.key, state: step.state, action: sent.get(step.key) ?? null }));
  const named = notStopped.map(({ step_key, state, action }) => `${step_key} (${state}${action === null ? '' : `, ${action}`})`).join(', ');
  return {
    steps: [],
    run: 'cancelling',
    runError: { code: 'run_cancelled', message: notStopped.length === 0 ? 'A person cancelled it.' : `A person cancelled it. Could not be stopped: ${named}.`, data: { not_stopped: notStopped } },
  };
}

/**
 * The broken steps begin anew with all their attempts, and what their failure had cancelled waits for them again. What a person or
 * policy refused is asked anew; what broke goes on under the approval that it has, as far as that still covers it. An effect that nobody has
 * found out about stays one to find out about: a cancellation may not stop that.
 */
function redrive(run: LockedRun, command: CommandRow, sent: ReadonlyMap<string, string>): Moves | null {
  const found = engineOf(run.engineVersion).redriveOf(run, command.step_key);
  if (found === null) return null;
  const { broken, behind } = found;
  return {
    steps: [
      ...broken.map((step) => ({ id: step.id, from: step.state, to: step.state === 'dead' && sent.has(step.key) ? 'uncertain' : 'ready', attempt: 0, delay_ms: 0, ...(step.state === 'failed' ? { approval_id: '' } : {}) } as const)),
      ...behind.map((step) => ({ id: step.id, from: step.state, to: 'blocked' } as const)),
    ],
    ...(run.state === 'failed' ? { run: 'running' } as const : {}),
    events: broken.map((step): NewAuditEvent => ({
      type: 'step.redriven', tenant_id: run.tenantId, workspace_id: run.workspaceId, run_id: run.id, actor: { kind: 'person', id: command.requested_by },
      subject: { kind: 'step', id: step.id }, data: { step_key: step.key, from: step.state, command_id: command.id, reason_digest: digestOf(command.reason), error_code: step.error?.code ?? null },
    })),
  };
}
