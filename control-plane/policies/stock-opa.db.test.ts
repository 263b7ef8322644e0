/** The OPA that everybody has, configured with our bundle service, token and key: it decides as we do, and goes with every new bundle. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import { readBundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import type { VerificationJwk } from '@countersign/platform/opa/bundle/keys.ts';
import { verifyBundle } from '@countersign/platform/opa/bundle/verify.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { startEvaluator } from '@countersign/platform/opa/evaluator.ts';
import { readDecision } from '@countersign/platform/opa/validators.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { PolicyClient, denying } from '../testing/policy-client.ts';
import { policyQuestion } from '../testing/policy-question.ts';
import { StockOpa } from '../testing/stock-opa.ts';

let plane: ControlPlaneUnderTest;
let scope: string;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_TTL_SECONDS: '60', COUNTERSIGN_POLICY_RENEWAL_SECONDS: '2' });
  scope = bundleScope(plane.tenant.environmentId);
});
afterAll(() => plane.stop());

const bundlePath = (): string => `/api/v1/policy-bundles/${scope}`;
const newestEtag = async (): Promise<string> => (await plane.api('GET', bundlePath())).headers.get('etag') ?? '';

async function bundleKey(): Promise<VerificationJwk> {
  const { keys } = (await plane.api('GET', '/api/v1/keys')).body as { keys: Array<VerificationJwk & { purpose: string }> };
  const key = keys.find(({ purpose }) => purpose === 'policy_bundle');
  if (key === undefined) throw new TypeError('no key signs bundles');
  return key;
}

const POLLING = { min_delay_seconds: 1, max_delay_seconds: 1 };
/** Only the long poll itself can bring a bundle in time: by its clock OPA would look once an hour. */
const LONG_POLLING = { min_delay_seconds: 3_600, max_delay_seconds: 3_600, long_polling_timeout_seconds: 30 };

describe.each([['polling', POLLING], ['long polling', LONG_POLLING]])('opa run, %s', (_name, polling) => {
  let opa: StockOpa;
  beforeAll(async () => {
    opa = await StockOpa.start({ service: `${plane.url}/api/v1`, token: plane.adminKey, scope, key: await bundleKey(), polling });
  }, 30_000);
  afterAll(() => opa.stop());

  test('decides what is known as we do, word by word', async () => {
    await expect.poll(() => opa.etag(), { timeout: 15_000 }).toBeDefined();
    const { bytes } = await plane.api('GET', bundlePath());
    const { wasm, data } = verifyBundle(bytes, { keys: verificationKeys([await bundleKey()]), tenant: plane.tenant.tenantId, scope, now: new Date(), highestSeq: 0 });
    const ours = await startEvaluator({ wasm, data: canonicalText(data), entrypoint: 'countersign/decision', deadline_ms: 5_000 });
    const { description } = await readBundleParts(fileURLToPath(new URL('../../policies', import.meta.url)), 'base-itsm');
    expect(description.probes.length).toBeGreaterThan(5);
    for (const { input } of description.probes) {
      expect({ input, ours: readDecision(await ours.evaluate(JSON.stringify(input))) }).toEqual({ input, ours: { decision: await opa.decide(input) } });
    }
    await ours.close();
  });

  test('takes every bundle that is signed anew', async () => {
    for (let times = 0; times < 3; times += 1) {
      const before = await opa.etag();
      await expect.poll(() => opa.etag(), { timeout: 15_000, interval: 50 }).not.toBe(before);
    }
    await expect.poll(async () => await opa.etag() === await newestEtag(), { timeout: 15_000, interval: 50 }).toBe(true);
    expect(opa.log()).not.toContain('Bundle load failed');
  }, 60_000);
});

test('a release is decided by as we do within seconds, with its layers and their data', async () => {
  const opa = await StockOpa.start({ service: `${plane.url}/api/v1`, token: plane.adminKey, scope, key: await bundleKey(), polling: LONG_POLLING });
  const admin = new PolicyClient(plane);
  const { environmentId } = plane.tenant;
  const rule = denying('environment', 'listed', '').replace('input.action.name == ""', 'input.action.name in data.countersign.config.environment.denied');
  const version = await admin.version(environmentId, { 'listed.rego': rule }, { data: { denied: ['ticket.grüße', 'ticket.get'], limit: 12.5 } });
  expect(await admin.release(environmentId, { kind: 'release', layer: environmentId, version })).toMatchObject({ status: 201 });
  await expect.poll(() => opa.decide(policyQuestion(plane.tenant, 'ticket.get')), { timeout: 15_000 }).toMatchObject({ outcome: 'DENY', reasons: [{ rule: 'environment/listed', message: 'listed' }] });
  const { bytes } = await plane.api('GET', bundlePath());
  const { wasm, data, manifest } = verifyBundle(bytes, { keys: verificationKeys([await bundleKey()]), tenant: plane.tenant.tenantId, scope, now: new Date(), highestSeq: 0 });
  const ours = await startEvaluator({ wasm, data: canonicalText(data), entrypoint: 'countersign/decision', deadline_ms: 5_000 });
  const questions: unknown[] = [...manifest.metadata.countersign.probes.map(({ input }) => input), ...['ticket.get', 'ticket.grüße', 'ticket.put'].map((action) => policyQuestion(plane.tenant, action))];
  for (const input of questions) expect({ input, ours: readDecision(await ours.evaluate(JSON.stringify(input))) }).toEqual({ input, ours: { decision: await opa.decide(input) } });
  await ours.close();
  await opa.stop();
}, 60_000);

test('without a token, and with the key of somebody else, it gets nothing that decides', async () => {
  const key = await bundleKey();
  const other = await plane.keys.signingKey(plane.tenant.tenantId, 'policy_bundle', 7);
  const options = { service: `${plane.url}/api/v1`, token: plane.adminKey, scope, key, polling: POLLING };
  for (const [wrong, words] of [[{ token: 'nonsense' }, /Unauthorized/], [{ key: { kid: key.kid, public_jwk: other.publicJwk } }, /failed to verify JWT signature/]] as const) {
    const opa = await StockOpa.start({ ...options, ...wrong });
    await expect.poll(() => opa.log(), { timeout: 15_000 }).toMatch(words);
    expect(await opa.decide({})).toBeUndefined();
    await opa.stop();
  }
}, 40_000);
