import { canonicalText, digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import type { Keys } from '@countersign/platform/keys/keys.ts';
import type { Database } from '@countersign/platform/postgres/database.ts';
import { may } from '../access/may.ts';
import type { Answer, Call } from '../api/operation.ts';
import { explainByBundle } from '../decisions/explain.ts';
import { findSealed } from '../decisions/queries.ts';
import type { SealedRow } from '../decisions/queries.ts';
import type { Principal } from '../identity/principal.ts';
import { missingFacts } from './facts.ts';
import { inputProblems } from './input-contract.ts';
import type { NamedPolicy, PolicyReferences } from './policy-references.ts';
import type { Simulator } from './simulator.ts';
import { withoutContent, wordsOfPolicy } from './withheld.ts';

type Simulation = Answer<'simulatePolicy'>['body'];

export interface SimulationsParts {
  readonly database: Database;
  readonly keys: Keys;
  readonly references: PolicyReferences;
  readonly simulator: Simulator;
}

/** What is asked, as canonical JSON, and what was decided on it where it was recorded. */
interface Subject {
  readonly text: string;
  readonly recorded: SealedRow | null;
}

const INPUT = '/subject/input';

/** What a policy would decide, without its deciding anything. */
export class Simulations {
  readonly #parts: SimulationsParts;

  constructor(parts: SimulationsParts) {
    this.#parts = parts;
  }

  async simulatePolicy({ principal, body }: Call<'simulatePolicy'>): Promise<Answer<'simulatePolicy'>> {
    const { input, decision_id } = body.subject;
    const policy = await this.#parts.references.resolve(principal, body.against);
    const subject = decision_id === undefined ? this.#given(principal, input ?? {}, policy) : await this.#recorded(principal, decision_id, policy);
    const { decision, evaluated_us } = await this.#parts.simulator.decide(policy.files, subject.text);
    const mayQuote = subject.recorded === null || may(principal, 'content:read');
    const shown = mayQuote ? decision : withoutContent(decision, wordsOfPolicy(policy.files, recordedView(subject.recorded)));
    return {
      status: 200,
      body: {
        decision: shown as unknown as Simulation['decision'],
        explain: explainByBundle(policy.files, shown.reasons, shown.shadow?.reasons ?? []),
        policy: { environment_id: policy.environment.id, environment: policy.environment.name, stack_digest: policy.stackDigest, revision: policy.revision },
        recorded: recordedView(subject.recorded),
        differs: subject.recorded === null ? null : decision.outcome !== subject.recorded.outcome || canonicalText(decision.obligations) !== canonicalText(subject.recorded.obligations),
        input_digest: digestOfBytes(subject.text), evaluated_us,
      },
    };
  }

  #given({ tenantId }: Principal, input: Record<string, unknown>, policy: NamedPolicy): Subject {
    const problems = inputProblems(input, INPUT);
    if (problems.length > 0) throw new ApiError('policy_input_invalid', 'The input breaks its contract.', { errors: problems });
    const { id } = input['tenant'] as { id: string };
    if (id !== tenantId) throw inputInvalid(`${INPUT}/tenant/id`, 'other_tenant', `Decision points answer for one tenant only: use ${tenantId}.`);
    for (const fact of missingFacts(policy.files, input)) throw inputInvalid(`${INPUT}/${fact}`, 'required', `Rules of this policy read \`input.${fact}\`.`);
    return { text: canonicalText(input), recorded: null };
  }

  /** Opened here and nowhere else; what leaves is the decision. */
  async #recorded({ tenantId, workspaceId }: Principal, id: string, policy: NamedPolicy): Promise<Subject> {
    const row = await this.#parts.database.forTenant(tenantId, (tx) => tx.maybeOne<SealedRow>(findSealed, [tenantId, workspaceId, id]));
    if (row === undefined) throw new ApiError('not_found', 'There is no such decision.');
    if (row.input_sealed === null) {
      throw row.input_state === 'shredded' ? new ApiError('decision_input_shredded', 'The retention of what policy was asked is over.') : new ApiError('decision_input_not_kept', 'What policy was asked was not recorded with this decision.');
    }
    const text = Buffer.from(await this.#parts.keys.unseal(tenantId, 'content', row.id, row.input_sealed)).toString('utf8');
    const input = JSON.parse(text) as Record<string, unknown>;
    const problems = inputProblems(input, '');
    if (problems.length > 0) throw inputInvalid('/subject/decision_id', 'outdated', `It was recorded under an older contract: ${problems.map((problem) => problem.field).join(', ')}.`);
    for (const fact of missingFacts(policy.files, input)) throw inputInvalid('/subject/decision_id', 'facts_missing', `Rules of this policy read \`input.${fact}\`, which was not gathered at the time. Send an input that has it.`);
    return { text, recorded: row };
  }
}

function recordedView(row: SealedRow | null): Simulation['recorded'] {
  if (row === null) return null;
  const { id, outcome, reasons, obligations, bundle_revision } = row;
  return { id, outcome, reasons, obligations, bundle_revision, decided_at: row.decided_at.toISOString() };
}

function inputInvalid(field: string, code: string, message: string): ApiError {
  return new ApiError('policy_input_invalid', 'The input cannot be used here.', { errors: [{ field, code, message }] });
}
