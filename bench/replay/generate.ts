import type { ActionRisk, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';

export interface Place {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly environmentId: string;
}

/** Numbers that are the same each time: a linear congruential generator (Numerical Recipes). Not for anything secret. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const ACTIONS: ReadonlyArray<{ readonly connector: string; readonly name: string; readonly risk: ActionRisk; readonly weight: number }> = [
  { connector: 'desk', name: 'ticket.get', risk: 'read', weight: 45 },
  { connector: 'classifier', name: 'generate', risk: 'model', weight: 20 },
  { connector: 'desk', name: 'ticket.update', risk: 'write', weight: 25 },
  { connector: 'chat', name: 'message.post', risk: 'write', weight: 8 },
  { connector: 'desk', name: 'ticket.delete', risk: 'destructive', weight: 2 },
];
const CATEGORIES = ['network', 'hardware', 'software', 'access', 'inquiry'];
const WORKFLOWS = ['triage', 'password-reset', 'weekly-report'];
const WORDS = 'the user reports that after the update of this morning no mail can be sent from the second floor while printing still works as before'.split(' ');

/** One question as gateways ask it, with a ticket's text of about a kilobyte: a third of the writes come back with their approval in hand. */
export function generatedInput(place: Place, runId: string, stepId: string, at: Date, random: () => number): PolicyInput {
  const action = weighted(random);
  const digest = `sha256:${Array.from({ length: 64 }, () => Math.floor(random() * 16).toString(16)).join('')}`;
  const workflow = WORKFLOWS[Math.floor(random() * WORKFLOWS.length)] ?? 'triage';
  const approved = action.risk === 'write' && random() < 1 / 3;
  const category = CATEGORIES[Math.floor(random() * CATEGORIES.length)] ?? 'inquiry';
  return {
    tenant: { id: place.tenantId, slug: 'bench' }, workspace: { id: place.workspaceId, slug: 'operations' }, environment: { id: place.environmentId, name: 'prod' },
    run: { id: runId, workflow, workflow_version: 1, workflow_digest: `sha256:${'c'.repeat(64)}`, autonomy: 'supervised' },
    step: { id: stepId, key: 'step', attempt: 1 }, call: { id: newId('tool_call') }, principal: { id: `workflow:${workflow}`, kind: 'workflow' },
    action: {
      connector: action.connector, name: action.name, connector_version: '1.0.0', risk: action.risk, reversible: action.risk !== 'destructive', idempotent: true, digest,
      sensitive_parameters: [], data_classes: [],
    },
    instance: { id: 'ins_bench', name: `${action.connector}-prod` },
    parameters: { id: `ticket-${Math.floor(random() * 10_000)}`, category, text: text(random, 1_000) },
    labels: { '/id': ['trusted_system'], '/category': [action.risk === 'model' ? 'trusted_system' : 'model_output'], '/text': ['ticket_text'] },
    model: action.risk === 'model' ? { use: 'classifier/triage', pinned: true } : null,
    approvals: approved ? [{
      id: newId('approval'), action_digest: digest, tier: 'standard', state: 'approved', requested_by: `workflow:${workflow}`,
      votes: [{ principal_id: 'prn_approver', role: 'approver', decision: 'approve', auth_strength: 'link', sign_in_age_ms: 60_000 }],
    }] : [],
    time: at.toISOString(),
    local_time: { zone: 'UTC', date: at.toISOString().slice(0, 10), weekday: 'monday', hour: at.getUTCHours(), minute: at.getUTCMinutes() },
    kill_switches: [],
  };
}

function weighted(random: () => number): (typeof ACTIONS)[number] {
  let left = random() * ACTIONS.reduce((sum, action) => sum + action.weight, 0);
  for (const action of ACTIONS) {
    left -= action.weight;
    if (left < 0) return action;
  }
  return ACTIONS[0]!;
}

function text(random: () => number, length: number): string {
  let made = '';
  while (made.length < length) made += `${WORDS[Math.floor(random() * WORDS.length)] ?? ''} `;
  return made.slice(0, length);
}
