import { describe, expect, test } from 'vitest';
import inputSchema from '@countersign/contracts/policy/input.schema.json' with { type: 'json' };
import type { Json, JsonObject } from '../sdk/connector.ts';
import { maskInput } from './mask-input.ts';
import type { MaskRules, Schema } from './mask-input.ts';
import { randomFrom } from './testing/random.ts';

const PARAMETERS: Schema = {
  type: 'object', additionalProperties: true,
  properties: { sys_id: { type: 'string' }, category: { type: 'string' }, work_note: { type: 'string' }, changes: { type: 'object', properties: { impact: { type: 'string' } } }, tags: { type: 'array', items: { type: 'string' } } },
};
const rules = (...keep: string[]): MaskRules => ({ parameters: PARAMETERS, keep });

/** Everything that the schema knows, from its own examples. */
function exampleOf(schema: Schema): Json {
  const { examples, properties, items } = schema as { examples?: Json[]; properties?: Record<string, Schema>; items?: Schema };
  if (examples !== undefined) return structuredClone(examples[0]!);
  if (properties !== undefined) return Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, exampleOf(member)]));
  return items === undefined ? null : [exampleOf(items)];
}
const input = (parameters: JsonObject, changes: JsonObject = {}): JsonObject => ({ ...exampleOf(inputSchema as Schema) as JsonObject, labels: {}, lineage: {}, parameters, ...changes });

describe('what is kept', () => {
  test('is what the schema calls metadata: ids, names, numbers, labels', () => {
    const whole = input({ sys_id: 'x' }, { labels: { '/sys_id': ['trusted_system'] } });
    const { input: masked, erased } = maskInput(whole, rules());
    expect(erased).toEqual(['/input/kill_switches/0/reason', '/input/parameters/sys_id']);
    const { parameters: _parameters, kill_switches, ...rest } = whole;
    const [{ reason: _reason, ...killSwitch }] = kill_switches as [JsonObject];
    expect(masked).toEqual({ ...rest, parameters: {}, kill_switches: [killSwitch] });
  });

  test('is nothing of the parameters but what the tenant names', () => {
    const parameters = { category: 'network', work_note: 'Kim was here', changes: { impact: '1', free: 'secret' }, tags: ['a', 'b'] };
    expect(maskInput(input(parameters), rules()).input?.['parameters']).toEqual({});
    const kept = maskInput(input(parameters), rules('/category', '/changes/impact', '/tags/1'));
    expect(kept.input?.['parameters']).toEqual({ category: 'network', changes: { impact: '1' }, tags: ['b'] });
    expect(kept.erased.filter((pointer) => pointer.startsWith('/input/parameters'))).toEqual(['/input/parameters/[unnamed]', '/input/parameters/tags/0', '/input/parameters/work_note']);
  });

  test('names no parameter that the manifest does not declare, for a name may be content', () => {
    const masked = maskInput(input({ 'Kim Lee': 1, category: 'x' }, { labels: { '/Kim Lee': ['ticket_text'], '/category': ['ticket_text'], '': ['configuration'] }, lineage: { '/Kim Lee': [] } }), rules());
    expect(masked.input).toMatchObject({ labels: { '': ['configuration'], '/category': ['ticket_text'] }, lineage: {}, parameters: {} });
    expect(masked.erased.filter((pointer) => pointer.includes('unnamed'))).toEqual(['/input/labels/[unnamed]', '/input/lineage/[unnamed]', '/input/parameters/[unnamed]']);
    const action = { ...exampleOf(inputSchema.properties.action) as JsonObject, sensitive_parameters: ['/Kim Lee', '/category'] };
    expect(maskInput(input({}, { action }), rules()).input?.['action']).toMatchObject({ sensitive_parameters: ['/category'] });
  });
});

describe('everything is erased', () => {
  test.each<[string, unknown, MaskRules]>([
    ['where the input is no object', 'text', rules()], ['where there is none', undefined, rules()],
    ['where the rules cannot be read', input({ a: 1 }), { parameters: PARAMETERS, keep: null as unknown as string[] }],
    ['where the input cannot be read', new Proxy({ parameters: {} }, { ownKeys: () => { throw new TypeError('no'); } }), rules()],
  ])('%s', (_what, value, asked) => expect(maskInput(value, asked)).toEqual({ input: null, erased: ['/input'] }));
});

test('of 40 canaries at random places, in values and names, objects and lists, known fields and unknown ones, none is left', () => {
  const random = randomFrom(40);
  for (let round = 0; round < 200; round++) {
    const whole = input(random.json(4) as JsonObject === null ? {} : { free: random.json(4), changes: random.json(3), tags: random.json(3) });
    const canaries = Array.from({ length: 40 }, (_, index) => `canary${round}x${index}y`);
    for (const canary of canaries) plant(whole, canary, random);
    const { input: masked, erased } = maskInput(whole, rules());
    const left = JSON.stringify([masked, erased]);
    expect(canaries.filter((canary) => left.includes(canary))).toEqual([]);
    expect(masked).not.toBeNull();
  }
});

/** Puts `canary` where nobody has classified anything: a new member or name of an object that is not a known map, or anywhere in the parameters. */
function plant(whole: JsonObject, canary: string, random: ReturnType<typeof randomFrom>): void {
  const objects = containersIn(whole, '').filter(({ pointer }) => !/^\/(labels|lineage)\/./.test(pointer));
  const { value, pointer } = random.pick(objects);
  const planted = random.pick<Json>([canary, [canary], { [canary]: canary }, { deep: [{ note: canary }] }, [[[canary]]]]);
  if (Array.isArray(value)) value.push(pointer.startsWith('/parameters') || !/^\/(action|approvals)/.test(pointer) ? planted : { [canary]: canary });
  else if (pointer === '/labels' || pointer === '/lineage') value[`/${canary}`] = [];
  else value[random.pick([canary, `${canary}/x`, `a~${canary}`])] = planted;
}

function containersIn(value: Json, pointer: string): Array<{ readonly pointer: string; readonly value: JsonObject | Json[] }> {
  if (typeof value !== 'object' || value === null) return [];
  return [{ pointer, value }, ...Object.entries(value).flatMap(([name, member]) => containersIn(member as Json, `${pointer}/${name}`))];
}
