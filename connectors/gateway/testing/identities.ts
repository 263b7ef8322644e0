import type { CallIdentity } from '../call-identity.ts';

let steps = 0;

/** A call of a step that nobody else has: `tenant.id` is that of the policy tests. */
export function testIdentity(changes: Partial<CallIdentity['step']> = {}): CallIdentity {
  steps += 1;
  return {
    tenant: { id: 'ten_1', slug: 'demo' },
    workspace: { id: 'wsp_1', slug: 'service-desk' },
    environment: { id: 'env_1', name: 'prod' },
    run: { id: `run_${steps}`, workflow: 'incident-triage', workflowVersion: 1, workflowDigest: `sha256:${'c'.repeat(64)}` },
    step: { id: `stp_${steps}`, key: 'update', attempt: 1, fence: '1', ...changes },
    callKey: 'main',
  };
}

/** The same call in the step's next attempt. */
export function nextAttempt(call: CallIdentity): CallIdentity {
  return { ...call, step: { ...call.step, attempt: call.step.attempt + 1, fence: String(Number(call.step.fence) + 1) } };
}
