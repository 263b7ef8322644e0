/**
 * Bundles of ours in the hands of the OPA that everybody has: `opa run` verifies and serves them with decisions equal to ours, and
 * refuses what we refuse. Needs the opa that `npm run setup:opa` sees to.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { startEvaluator } from '../evaluator.ts';
import type { Evaluator } from '../evaluator.ts';
import { readDecision } from '../validators.ts';
import { unpackBundle } from './archive.ts';
import { SCOPE, TENANT, seededBundle, testClaims, testKey, withFile } from './testing.ts';
import { startOpaServer } from './testing/opa-server.ts';
import type { OpaServer } from './testing/opa-server.ts';
import { verifyBundle } from './verify.ts';
import { findOpa } from '../../../policies/opa-command.ts';
import { readVectors } from '../../../policies/vectors/read-vectors.ts';

const NOW = new Date();
const key = testKey('key_1');
const bundle = await seededBundle(key.signing, testClaims(NOW));
const opa = await findOpa();
const vectors = await readVectors();
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'stock-opa-'));
  await writeFile(join(scratch, 'key.pem'), key.public_pem);
});
afterAll(() => rm(scratch, { recursive: true }));

const verification = () => ['--verification-key', join(scratch, 'key.pem'), '--verification-key-id', 'key_1', '--signing-alg', 'ES256', '--scope', SCOPE];

describe('opa run', () => {
  let server: OpaServer;

  beforeAll(async () => {
    await writeFile(join(scratch, 'bundle.tar.gz'), bundle.bytes);
    server = await startOpaServer([...verification(), '--bundle', join(scratch, 'bundle.tar.gz')]);
  });
  afterAll(() => server.stop());

  let evaluator: Evaluator;
  beforeAll(async () => {
    const { wasm } = verifyBundle(bundle.bytes, { keys: key.verification, tenant: TENANT, scope: SCOPE, now: NOW, highestSeq: 0 });
    evaluator = await startEvaluator({ wasm, data: '{}', entrypoint: 'countersign/decision', deadline_ms: 5_000 });
  });
  afterAll(() => evaluator.close());

  test('decides every vector as we do, words included', async () => {
    for (const { name, input } of vectors) {
      const theirs = await server.ask(input);
      expect({ name, ours: readDecision(await evaluator.evaluate(JSON.stringify(input))) }).toEqual({ name, ours: { decision: theirs } });
    }
  });

  test('decides what nobody thought of as we do', async () => {
    await fc.assert(fc.asyncProperty(inputs(), async (input) => {
      expect(readDecision(await evaluator.evaluate(JSON.stringify(input)))).toEqual({ decision: await server.ask(input) });
    }), { numRuns: 500 });
  }, 60_000);
});

/** Calls of every kind, from few values, so that digests, people, labels and pointers often meet. */
function inputs(): fc.Arbitrary<PolicyInput> {
  const base = vectors[0]?.input as PolicyInput;
  const digest = fc.constantFrom(base.action.digest, `sha256:${'0'.repeat(64)}`);
  const person = fc.constantFrom('prn_workflow', 'prn_a', 'prn_b');
  const pointer = fc.constantFrom('', '/to', '/to/0', '/to_all', '/a~1b', '/a~0b', '/é', '/a~01b');
  const vote = fc.record({ principal_id: person, role: fc.constantFrom('approver', 'viewer'), decision: fc.constantFrom('approve', 'reject'), auth_strength: fc.constant('password') });
  const approval = fc.record({
    id: fc.constant('apr_1'),
    action_digest: digest,
    tier: fc.constantFrom('standard', 'critical'),
    state: fc.constantFrom('approved', 'approved', 'pending', 'consumed'),
    requested_by: person,
    votes: fc.array(vote, { maxLength: 3 }),
  });
  const call = fc.record({
    action: fc.record({ risk: fc.constantFrom('read', 'write', 'destructive', 'model', ''), digest, sensitive_parameters: fc.array(pointer, { maxLength: 2 }) }),
    principal: fc.record({ id: person, kind: fc.constant('workflow') }),
    parameters: fc.dictionary(fc.constantFrom('to', 'to_all', 'a/b', 'a~b', 'é', 'a~1b'), fc.oneof(fc.string(), fc.array(fc.string())), { maxKeys: 3, noNullPrototype: true }),
    labels: fc.dictionary(pointer, fc.array(fc.constantFrom('configuration', 'trusted_system', 'ticket_text', 'model_output', 'other'), { maxLength: 2 }), { maxKeys: 3, noNullPrototype: true }),
    model: fc.constantFrom(null, { use: 'a/b', pinned: true }, { use: 'a/b', pinned: false }),
    approvals: fc.array(approval, { maxLength: 2 }),
  });
  return call.map((changes) => ({ ...base, ...changes, action: { ...base.action, ...changes.action } }) as unknown as PolicyInput);
}

describe('opa verifies', () => {
  // `opa build` reads and verifies a bundle without serving it.
  async function verdict(bytes: Uint8Array): Promise<string> {
    await writeFile(join(scratch, 'candidate.tar.gz'), bytes);
    const args = ['build', '--bundle', join(scratch, 'candidate.tar.gz'), '--output', join(scratch, 'out.tar.gz'), ...verification()];
    return promisify(execFile)(opa, args).then(() => 'accepted', (error: { stdout?: string }) => `refused: ${error.stdout}`);
  }

  test('and accepts ours', async () => {
    expect(await verdict(bundle.bytes)).toBe('accepted');
  });

  test.each<[string, RegExp, () => Promise<Uint8Array> | Uint8Array]>([
    ['an altered source', /digest mismatch/, () => withFile(unpackBundle(bundle.bytes), 'base/base.rego', Buffer.from('package countersign.base\n'))],
    ['altered data', /digest mismatch/, () => withFile(unpackBundle(bundle.bytes), 'data.json', Buffer.from('{"countersign":{"x":1}}'))],
    ['an extra file', /not included in bundle signature/, () => withFile(unpackBundle(bundle.bytes), 'extra.rego', Buffer.from('package extra\n'))],
    ['a missing file', /specified in bundle signatures but not found/, () => withFile(unpackBundle(bundle.bytes), 'policy.wasm', null)],
    ['another key', /failed to verify JWT signature/, async () => (await seededBundle(testKey('key_1').signing, testClaims(NOW))).bytes],
    ['another scope', /scope mismatch/, async () => (await seededBundle(key.signing, testClaims(NOW, { scope: 'dev' }))).bytes],
  ])('and refuses %s, as we do', async (_name, theirWords, make) => {
    const bytes = await make();
    expect(await verdict(bytes)).toMatch(theirWords);
    expect(() => verifyBundle(bytes, { keys: key.verification, tenant: TENANT, scope: SCOPE, now: NOW, highestSeq: 0 })).toThrow(expect.objectContaining({ name: 'BundleError' }));
  });
});
