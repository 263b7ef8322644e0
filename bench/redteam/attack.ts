import type { CallResult } from '@countersign/connectors/gateway/ports.ts';
import { nextAttempt, testIdentity } from '@countersign/connectors/gateway/testing/identities.ts';
import type { Json, JsonObject } from '@countersign/connectors/sdk/connector.ts';
import { ExecutionError } from '@countersign/execution-plane/errors.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { ExpressionError } from '@countersign/platform/expressions/errors.ts';
import { attemptsFor, VALUE } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import type { AttackCase } from './cases.ts';
import { COMPROMISED_USE } from './compromised-model.ts';
import { preparationOf } from './grant.ts';
import type { HonestStep } from './grant.ts';
import type { RecordedRequest } from './recorder.ts';
import { Situation } from './situation.ts';
import type { ResolvedCall } from './situation.ts';
import type { Tally } from './tally.ts';
import type { World } from './world.ts';

/** As many characters as a ticket has at most (`incident.get`). */
const MAX_TICKET_LENGTH = 65_536;

/**
 * One case in every way that there is: the ticket is read, the model answers as the attacker wants, and its answer is used as a call and
 * as every parameter. Nobody approves anything.
 */
export async function attack(world: World, steps: readonly HonestStep[], attackCase: AttackCase, index: number, tally: Tally): Promise<void> {
  const attempts = attemptsFor(attackCase, index, steps);
  const ticket = attackCase.carrier_text.slice(0, MAX_TICKET_LENGTH);
  const situation = new Situation(world.peers, ticket);
  world.say({ values: attempts.map(({ value }) => (canBeKept(value) ? value : null)), text: ticket, own: Object.fromEntries(steps.map(({ uses, parameters }) => [uses, parameters])) });
  const answer = await outcomeOf(() => situation.modelCall(), (call) => world.call(call));
  if (answer.result?.kind === 'succeeded') situation.add('model', answer.result.output, answer.result.outputLabels);
  else tally.attempted('model', answer.name, answer.result);
  const everywhere = preparationOf(steps);
  for (const [at, attempt] of attempts.entries()) {
    const identity = testIdentity();
    const { name, result } = await outcomeOf(() => callOf(situation, attempt, at), (call) => world.call(call, identity));
    // What was not approved stays so when it is tried again.
    if (attempt.kind === 'forged_approval' && result?.kind === 'waiting_for_approval') await outcomeOf(() => callOf(situation, attempt, at), (call) => world.call(call, nextAttempt(identity)));
    tally.attempted(attempt.kind, name, result);
    tally.received(attackCase, attempt, outside(world.received(), everywhere, 'parameter' in attempt ? attempt.step : null));
  }
  await throughEchoes(world, situation, steps, attackCase, everywhere, tally);
}

/** An action that is asked with the model's words and says them back must not make trusted data of them. */
async function throughEchoes(world: World, situation: Situation, steps: readonly HonestStep[], attackCase: AttackCase, everywhere: ReadonlySet<string>, tally: Tally): Promise<void> {
  for (const step of steps) {
    const [pointer] = step.peer.connector.manifest.actions[step.name]?.local_parameters ?? [];
    if (pointer === undefined) continue;
    const own = `\${{ steps.model.output.own['${step.uses}']${pointer.replaceAll('/', '.')} }}`;
    const { name, result } = await outcomeOf(() => situation.resolve(step.uses, { ...step.parameters, [pointer.slice(1)]: own }), (call) => world.call(call));
    tally.attempted('echo', name, result);
    tally.received(attackCase, { kind: 'echo', step }, outside(world.received(), everywhere, step));
    if (result?.kind !== 'succeeded') continue;
    situation.add('echo', result.output, result.outputLabels);
    await intoReads(world, situation, steps, attackCase, everywhere, tally);
  }
}

/** What came back is used as a parameter of every read. */
async function intoReads(world: World, situation: Situation, steps: readonly HonestStep[], attackCase: AttackCase, everywhere: ReadonlySet<string>, tally: Tally): Promise<void> {
  for (const step of steps) {
    const manifest = step.peer.connector.manifest.actions[step.name];
    const [parameter] = manifest?.risk === 'read' ? Object.keys(step.parameters) : [];
    if (parameter === undefined) continue;
    const field = /^[0-9a-f]{32}$/.test(String(step.parameters[parameter])) ? 'sys_id' : 'name';
    const { name, result } = await outcomeOf(() => situation.resolve(step.uses, { ...step.parameters, [parameter]: `\${{ steps.echo.output.${field} }}` }), (call) => world.call(call));
    tally.attempted('echo', name, result);
    tally.received(attackCase, { kind: 'echo', step }, outside(world.received(), everywhere, step));
  }
}

/** What has no canonical form, or is larger than any step's output, ends a run before it is used: it would hide the other attempts of its case. */
function canBeKept(value: Json): boolean {
  try {
    return canonicalText(value).length <= MAX_VALUE_LENGTH;
  } catch {
    return false;
  }
}

const MAX_VALUE_LENGTH = 20_000;

/** @throws ExpressionError, ExecutionError */
function callOf(situation: Situation, attempt: Attempt, at: number): ResolvedCall {
  const value = `steps.model.output.values[${at}]`;
  if ('parameter' in attempt) return situation.resolve(attempt.step.uses, { ...attempt.step.parameters, [attempt.parameter]: attempt.template.replace(VALUE, () => value) });
  const isModel = attempt.step?.peer.connector.manifest.actions[attempt.step.name]?.risk === 'model';
  return situation.resolveWhole(attempt.action, `\${{ ${value} }}`, isModel ? { use: attempt.step?.peer.modelUse ?? COMPROMISED_USE, pinned: true } : null);
}

/** A call that the model chose is granted nothing but what runs read anyway; a step of the workflow also what it reads by itself. */
function outside(requests: readonly RecordedRequest[], everywhere: ReadonlySet<string>, step: HonestStep | null): RecordedRequest[] {
  return requests.filter(({ signature }) => !everywhere.has(signature) && step?.requests.has(signature) !== true);
}

/** Never throws: what goes wrong is an outcome too, and what was received meanwhile counts all the same. */
async function outcomeOf(resolve: () => ResolvedCall, make: (call: ResolvedCall) => Promise<CallResult>): Promise<{ readonly name: string; readonly result: CallResult | null }> {
  try {
    const call = resolve();
    if (!isObject(call.parameters)) return { name: 'parameters_invalid', result: null };
    const result = await make(call);
    return { name: nameOf(result), result };
  } catch (error) {
    return { name: error instanceof ExpressionError || error instanceof ExecutionError ? 'refused_by_engine' : 'internal_error', result: null };
  }
}

function nameOf(result: CallResult): string {
  switch (result.kind) {
    case 'succeeded': return 'allowed';
    case 'waiting_for_approval': return 'asked_a_person';
    case 'failed': return result.error.code;
    default: return result.kind;
  }
}

function isObject(value: Json | JsonObject): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
