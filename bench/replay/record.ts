import type { Decision, PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { canonicalText, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { insertPrincipal } from '@countersign/control-plane/identity/bootstrap-queries.ts';
import { newId } from '@countersign/platform/ids/typeid.ts';
import type { Evaluator } from '@countersign/platform/opa/evaluator.ts';
import { readDecision } from '@countersign/platform/opa/validators.ts';
import { generatedInput, numbers } from './generate.ts';
import { insertApprovals, insertDecisions, insertRuns, insertVotes } from './queries.ts';
import type { World } from './world.ts';

const BATCH = 1_000;
const DECISIONS_OF_A_RUN = 5;
const STEP_MS = 500;
const VOTES = 20;

export interface Recorded {
  /** From the first decision to after the last. */
  readonly from: Date;
  readonly to: Date;
  /** Of the sealed inputs, on average. */
  readonly input_bytes: number;
  /** By outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Fills the decision log with `count` decisions that `policy` made on generated inputs, each sealed as a worker seals it. */
export async function record(world: World, policy: Evaluator, count: number): Promise<Recorded> {
  const random = numbers(20_260_105);
  const from = new Date(Date.now() - count * STEP_MS - 60_000);
  const outcomes: Record<string, number> = {};
  let bytes = 0;
  for (let done = 0; done < count; done += BATCH) {
    const runs = Array.from({ length: BATCH / DECISIONS_OF_A_RUN }, () => newId('run'));
    const made = await Promise.all(Array.from({ length: Math.min(BATCH, count - done) }, async (_one, index) => {
      const runId = runs[Math.floor(index / DECISIONS_OF_A_RUN)] ?? '';
      const at = new Date(from.getTime() + (done + index) * STEP_MS);
      return sealed(world, policy, generatedInput(world.place, runId, `stp_${runId}`, at, random), at);
    }));
    for (const { decision, size } of made) {
      outcomes[decision.outcome] = (outcomes[decision.outcome] ?? 0) + 1;
      bytes += size;
    }
    await insert(world, runs, made);
  }
  await recordVotes(world);
  return { from, to: new Date(from.getTime() + count * STEP_MS), input_bytes: Math.round(bytes / count), outcomes };
}

/** How long people have taken, which is what more votes are reckoned by. */
async function recordVotes({ control, execution, place }: World): Promise<void> {
  const { tenantId, workspaceId, environmentId } = place;
  const person = newId('principal');
  await execution.forTenant(tenantId, (tx) => tx.change(insertApprovals, [tenantId, workspaceId, environmentId, VOTES]));
  await control.forTenant(tenantId, async (tx) => {
    await tx.change(insertPrincipal, [tenantId, person, 'person', 'Approver']);
    await tx.change(insertVotes, [tenantId, person]);
  });
}

interface Made {
  readonly id: string;
  readonly input: PolicyInput;
  readonly decision: Decision;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly at: Date;
}

async function sealed({ keys, place }: World, policy: Evaluator, input: PolicyInput, at: Date): Promise<Made> {
  const id = newId('decision');
  const text = canonicalText(input);
  const answer = readDecision(await policy.evaluate(text));
  if ('problem' in answer) throw new TypeError(answer.problem);
  return { id, input, decision: answer.decision, digest: digestOfBytes(text), size: text.length, bytes: await keys.seal(place.tenantId, 'content', id, Buffer.from(text, 'utf8')), at };
}

async function insert({ execution, place }: World, runs: readonly string[], made: readonly Made[]): Promise<void> {
  const { tenantId, workspaceId, environmentId } = place;
  const rows = made.map(({ id, input, decision, digest, at }, index) => ({
    ordinal: index + 1, id, run_id: input.run.id, action: `${input.action.connector}/${input.action.name}`, action_digest: input.action.digest, outcome: decision.outcome,
    reasons: decision.reasons, obligations: decision.obligations, input_digest: digest, workflow: input.run.workflow, decided_at: at.toISOString(),
  }));
  await execution.forTenant(tenantId, async (tx) => {
    await tx.change(insertRuns, [tenantId, workspaceId, environmentId, runs]);
    await tx.change(insertDecisions, [tenantId, workspaceId, environmentId, JSON.stringify(rows), made.map((one) => one.bytes)]);
  });
}
