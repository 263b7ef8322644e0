import { EVERY_ROLE, OPERATION_PERMISSION, isPermission, rolesWith } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId, PermissionName } from '@countersign/contracts/openapi/permissions.ts';
import { API_ENTRYPOINT, apiTable } from '@countersign/contracts/policy/api-table.ts';
import type { ApiInput, ApiVerdict } from '@countersign/contracts/policy/api-table.ts';
import { isAtLeast } from '@countersign/contracts/policy/sign-in-strength.ts';
import type { Clock } from '@countersign/platform/clock/clock.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';
import { readBundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import type { Evaluator, EvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import type { ApiDecision, ApiQuestion, Authorizer } from './ports.ts';
import type { AuthorizationSettings } from './settings.ts';
import { expectedOf } from './by-table.ts';

export interface PolicyAuthorizerOptions {
  /** The folder that holds `generated/api`. */
  readonly policiesFolder: string;
  readonly settingsOf: (tenantId: string) => Promise<AuthorizationSettings>;
  readonly clock: Clock;
}

/** Our own policy, in bounded time: this is for a thread that hangs, not for a machine that is busy. */
const DEADLINE_MS = 2_000;
const MOST_KEPT = 10_000;
const UNAVAILABLE_RETRY_S = 1;

/**
 * Decides by policy (`policies/api`), in the same kind of evaluator that decides about calls of workflows. Whatever keeps it from an answer
 * is a refusal. Compiled policy can ask neither clock nor network, so that equal questions have equal answers: those asked lately are kept.
 */
export class PolicyAuthorizer implements Authorizer {
  readonly #pool: EvaluatorPool;
  readonly #evaluator: Evaluator;
  readonly #options: PolicyAuthorizerOptions;
  readonly #kept = new Map<string, ApiVerdict>();

  private constructor(pool: EvaluatorPool, evaluator: Evaluator, options: PolicyAuthorizerOptions) {
    this.#pool = pool;
    this.#evaluator = evaluator;
    this.#options = options;
  }

  /** Loads the compiled policy and asks it about every permission before it decides anything. @throws TypeError where it says otherwise than the table */
  static async open(options: PolicyAuthorizerOptions): Promise<PolicyAuthorizer> {
    const { wasm } = await readBundleParts(options.policiesFolder, 'api');
    const pool = createEvaluatorPool({ threads: 1, isolated_threads: 0 });
    try {
      const evaluator = await pool.open({ wasm, data: JSON.stringify({ api: apiTable() }), entrypoint: API_ENTRYPOINT, probes: [], deadline_ms: DEADLINE_MS });
      await proveByTable(evaluator);
      return new PolicyAuthorizer(pool, evaluator, options);
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  async decide(question: ApiQuestion): Promise<ApiDecision> {
    try {
      const settings = await this.#options.settingsOf(question.principal.tenantId);
      const input = inputOf(question, settings, this.#options.clock.now());
      return decisionOf(await this.#ask(input), question, input);
    } catch (cause) {
      throw new ApiError('authorization_unavailable', 'The policy engine gave no answer, so nothing is allowed.', { cause, retryAfter_s: UNAVAILABLE_RETRY_S });
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #ask(input: ApiInput): Promise<ApiVerdict> {
    const text = JSON.stringify(input);
    // An age is never asked about twice, and would only push out what is.
    if (input.principal.sign_in_age_ms !== null) return verdictOf(await this.#evaluator.evaluate(text));
    const kept = this.#kept.get(text);
    if (kept !== undefined) return kept;
    const verdict = verdictOf(await this.#evaluator.evaluate(text));
    if (this.#kept.size >= MOST_KEPT) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    this.#kept.set(text, verdict);
    return verdict;
  }
}

/** Only what the tenant demands of this very permission is part of the question, and an age only where one is asked for: few questions differ. */
function inputOf({ operation, principal, signInWasChecked = false }: ApiQuestion, settings: AuthorizationSettings, now: Date): ApiInput {
  const need = OPERATION_PERMISSION[operation];
  const permission = isPermission(need) ? need : null;
  const strength = permission === null || signInWasChecked ? undefined : settings.minStrength[permission];
  const age_ms = permission === null || signInWasChecked ? undefined : settings.maxSignInAge_ms[permission];
  return {
    operation,
    principal: {
      kind: principal.kind, roles: principal.roles, custom_permissions: principal.customPermissions, scopes: principal.scopes, via: principal.via.kind,
      auth_strength: principal.authStrength,
      sign_in_age_ms: age_ms === undefined || principal.signedInAt === null ? null : now.getTime() - principal.signedInAt.getTime(),
    },
    settings: {
      four_eyes: permission !== null && takesTwo(operation, permission, settings.fourEyes) ? [permission] : [],
      min_strength: permission === null || strength === undefined ? {} : { [permission]: strength },
      max_sign_in_age_ms: permission === null || age_ms === undefined ? {} : { [permission]: age_ms },
    },
  };
}

/** Who could alone take the demand back would not be held by it, nor who could alone put people into a group that gives roles. */
function takesTwo(operation: OperationId, permission: PermissionName, fourEyes: readonly PermissionName[]): boolean {
  if (fourEyes.includes(permission)) return true;
  return permission === 'authorization:manage' ? fourEyes.length > 0 : operation === 'updateGroup' && fourEyes.includes('roles:grant');
}

/** The result set of the one entrypoint. Its members are compared, never taken for true because they are there. */
function verdictOf(results: unknown): ApiVerdict {
  const [first] = Array.isArray(results) ? results as Array<{ readonly result?: Partial<ApiVerdict> }> : [];
  const { allow, code, require } = first?.result ?? {};
  if (allow === true && code === null && (require === null || require === 'second_person')) return { allow, code, require };
  if (allow === false && (code === 'forbidden' || code === 'scope_missing' || code === 'step_up_required')) return { allow, code, require: null };
  throw new TypeError('policy gave no verdict');
}

function decisionOf({ allow, code, require }: ApiVerdict, { operation, principal }: ApiQuestion, { settings }: ApiInput): ApiDecision {
  if (allow) return { allow, require };
  const need = OPERATION_PERMISSION[operation];
  if (code === 'scope_missing') return { allow, code, detail: isPermission(need) ? `The scopes of this key or token do not hold ${need}.` : 'A key or token with scopes does not reach this.' };
  if (code === 'step_up_required' && isPermission(need)) {
    const strength = settings.min_strength[need];
    const age_ms = settings.max_sign_in_age_ms[need];
    const isTooWeak = strength !== undefined && !isAtLeast(principal.authStrength, strength);
    return { allow, code, detail: isTooWeak ? `${need} asks for a sign-in of the strength ${strength}; this one is ${principal.authStrength}.` : `${need} asks for a sign-in of the last ${(age_ms ?? 0) / 1_000} s.` };
  }
  return { allow, code: 'forbidden', detail: isPermission(need) ? `This needs ${need}: one of the roles ${rolesWith(need).join(', ')}, or a role of your own that holds it.` : 'This is not for you.' };
}

/** Every need, by one operation that has it, for every built-in role and for none: a start must not wait for more. All of the table is a test's. */
async function proveByTable(evaluator: Evaluator): Promise<void> {
  const ofEachNeed = new Map((Object.keys(OPERATION_PERMISSION) as OperationId[]).map((operation) => [OPERATION_PERMISSION[operation], operation]));
  const questions = [...ofEachNeed.values()].flatMap((operation) => [[], ...EVERY_ROLE.map((role) => [role])].map((roles) => ({ operation, roles })));
  await Promise.all(questions.map(async ({ operation, roles }) => {
    const input: ApiInput = {
      operation, principal: { kind: 'person', roles, custom_permissions: [], scopes: null, via: 'session', auth_strength: 'link', sign_in_age_ms: null },
      settings: { four_eyes: [], min_strength: {}, max_sign_in_age_ms: {} },
    };
    const { allow } = verdictOf(await evaluator.evaluate(JSON.stringify(input)));
    if (allow !== expectedOf(operation, roles)) throw new TypeError(`the compiled policy says otherwise than the table about ${operation} for ${roles.join() || 'nobody'}: run \`node policies/build.ts\``);
  }));
}
