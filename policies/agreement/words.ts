/** What fields of the input are made of, by their path: few values, so that they often meet, and those that rules compare with. */
import fc from 'fast-check';
import { SIGN_IN_STRENGTHS } from '@countersign/contracts/policy/sign-in-strength.ts';

const DIGEST = `sha256:${'a1'.repeat(32)}`;
const OTHER_DIGEST = `sha256:${'b2'.repeat(32)}`;
const POINTERS = ['/to', '/to/0', '/to_all', '/a~1b', '/é', '/channel', '/text', '/repository', '/conclusion'];

const one = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** `usual` most of the time. */
const mostly = <T, U>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<U>): fc.Arbitrary<T | U> => fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: rare });
const some = <T>(...values: T[]): fc.Arbitrary<T[]> => fc.subarray(values);
const byPointer = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> => fc.dictionary(one('', ...POINTERS, ...POINTERS), values, { maxKeys: 3, noNullPrototype: true });

const windows = fc.record({ minute: one(0, 0, 0, 119, 120), hour: one(0, 0, 0, 19, 20), day: one(0, 500) });

const parameters = fc.record({
  to: one<unknown>('a', ['a', 'b']), to_all: one('a'), 'a/b': one('x'), é: one('ü'), channel: one('C1'), text: one('hello'),
  repository: one('a/b'), conclusion: one('success'), confidence: one(0.49, 0.5, 1), limit: one<unknown>(10, 20_000, 'all'),
  password: one('x'), input: one<unknown>('text', { token: 't' }, { found: [{ secret: 's' }] }),
}, { requiredKeys: [], noNullPrototype: true });

const goodVote = (person: string) => fc.record({ principal_id: one(person), role: one('approver'), decision: one('approve'), auth_strength: one('link', 'passkey'), sign_in_age_ms: one(0, 300_000) });
const anyVote = fc.record({
  principal_id: one('prn_workflow', 'prn_requester', 'prn_a', 'prn_b'),
  role: one('approver', 'approver', 'viewer'),
  decision: one('approve', 'approve', 'reject'),
  auth_strength: one(...SIGN_IN_STRENGTHS, 'password'),
  sign_in_age_ms: one(null, 0, 900_000, 900_001),
});
const goodVotes = fc.tuple(goodVote('prn_a'), goodVote('prn_b'), goodVote('prn_c'));

/** By path into the input. A path that the schema does not have is an error. */
export const WORDS: ReadonlyMap<string, fc.Arbitrary<unknown>> = new Map<string, fc.Arbitrary<unknown>>([
  ['run.workflow', one('incident-triage', 'incident-triage', 'insider-cases')],
  ['run.autonomy', one('supervised', 'supervised', 'autonomous', 'observe')],
  ['call.within.instance_id', one('ins_1', 'ins_2')],
  ['principal.id', one('prn_workflow', 'prn_workflow', 'prn_a')],
  ['action.connector', one('servicenow', 'github', 'slack', 'endpoint-security')],
  ['action.name', one('incident.update', 'message.post', 'issue.label', 'check-run.create', 'host.isolate', 'account_disable', 'case.close')],
  ['action.digest', mostly(one(DIGEST), one(OTHER_DIGEST))],
  ['action.sensitive_parameters', mostly(one([]), some('', ...POINTERS))],
  ['action.data_classes', one([], [], ['personal'], ['credentials'], ['identity', 'personal'])],
  ['instance.id', one('ins_1', 'ins_2')],
  ['instance.name', one('desk', 'llm-in-house')],
  ['parameters', parameters],
  ['labels', fc.oneof(one({ '/channel': ['configuration'], '/text': ['configuration'] }), byPointer(some('configuration', 'trusted_system', 'trusted_system', 'ticket_text', 'model_output', 'hidden_characters', 'unheard_of')), byPointer(one(['configuration'], ['trusted_system'])))],
  ['lineage', mostly(one({}), byPointer(one([], [{ model: 'm/1', read: ['ticket_text'] }])))],
  ['model', one(null, { use: 'openai/gpt-5.5-2026-04-23', pinned: true }, { use: 'classifier/local', pinned: true }, { use: 'openai/gpt', pinned: false })],
  ['approvals[].action_digest', mostly(one(DIGEST), one(OTHER_DIGEST))],
  ['approvals[].tier', mostly(one('standard'), one('critical'))],
  ['approvals[].state', mostly(one('approved'), one('pending', 'rejected', 'expired', 'withdrawn', 'consumed'))],
  ['approvals[].requested_by', mostly(one('prn_requester'), one('prn_a'))],
  ['approvals[].votes', fc.oneof(goodVotes, goodVotes.map(([first]) => [first]), fc.array(anyVote, { maxLength: 3 }))],
  ['local_time.hour', one(0, 7, 8, 12, 17, 18, 23)],
  ['kill_switches', mostly(one([]), one([{ id: 'ksw_1', scope: 'tenant', reason: 'x' }], [{ id: 'ksw_1', scope: 'workflow', reason: 'x' }, { id: 'ksw_2', scope: 'environment', reason: 'y' }]))],
  ['counters.action', windows],
  ['counters.instance', windows],
]);
