/** Policy from a draft with mistakes to a rollback, compiled by the real OPA, served and decided by. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleScope } from '@countersign/contracts/policy/bundle-scope.ts';
import type { BundleMode } from '@countersign/contracts/policy/bundle-scope.ts';
import { canonicalText } from '@countersign/platform/canonical-json/canonicalize.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import type { VerificationJwk } from '@countersign/platform/opa/bundle/keys.ts';
import { verifyBundle } from '@countersign/platform/opa/bundle/verify.ts';
import type { VerifiedBundle } from '@countersign/platform/opa/bundle/verify.ts';
import { startEvaluator } from '@countersign/platform/opa/evaluator.ts';
import { readDecision } from '@countersign/platform/opa/validators.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { PolicyClient, denying } from '../testing/policy-client.ts';
import type { Environments } from '../testing/policy-client.ts';
import { policyQuestion } from '../testing/policy-question.ts';

let plane: ControlPlaneUnderTest;
let admin: PolicyClient;
let env: Environments;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  admin = new PolicyClient(plane);
  env = await admin.environments();
});
afterAll(() => plane.stop());

async function served(environmentId: string, mode: BundleMode = 'enforce', query = ''): Promise<VerifiedBundle> {
  const scope = bundleScope(environmentId, mode);
  const { bytes } = await plane.api('GET', `/api/v1/policy-bundles/${scope}${query}`);
  const { keys } = (await plane.api('GET', '/api/v1/keys')).body as { keys: Array<VerificationJwk & { purpose: string }> };
  return verifyBundle(bytes, { keys: verificationKeys(keys.filter(({ purpose }) => purpose === 'policy_bundle')), tenant: plane.tenant.tenantId, scope, now: new Date(), highestSeq: 0 });
}

async function decided(bundle: VerifiedBundle, action: string): Promise<[string, string]> {
  const evaluator = await startEvaluator({ wasm: bundle.wasm, data: canonicalText(bundle.data), entrypoint: 'countersign/decision', deadline_ms: 5_000 });
  const answer = readDecision(await evaluator.evaluate(JSON.stringify(policyQuestion(plane.tenant, action))));
  await evaluator.close();
  return 'decision' in answer ? [answer.decision.outcome, answer.decision.reasons.map(({ rule }) => rule).join()] : ['no decision', answer.problem];
}

test('a draft with mistakes is kept with every one of them by line, and becomes no version', async () => {
  const broken = denying('tenant', 'no_closing', 'ticket.close').replace('input.action.name', 'input.action.nam');
  const draft = await admin.call('POST', '/policies/tenant/drafts', { files: { 'tenant.rego': broken } });
  expect(draft).toMatchObject({ status: 201, valid: false, layer: 'tenant', environment_id: env.dev, packs: ['engineering', 'itsm'] });
  const { problems } = draft['report'] as { problems: Array<{ severity: string; file: string; line: number; text: string }> };
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([expect.objectContaining({ file: 'tenant/tenant.rego', line: 4, text: '\tinput.action.nam == "ticket.close"' })]);
  expect(draft['errors']).toBe(1);
  const refused = await admin.call('POST', '/policies/tenant/versions', { draft_id: draft['id'], message: 'Now' });
  expect(refused).toMatchObject({ status: 422, code: 'policy_invalid', errors: [expect.objectContaining({ field: 'tenant/tenant.rego', line: 4 }) as object] });
  expect(await admin.get(`/policy-drafts/${String(draft['id'])}`)).toEqual({ ...draft, status: undefined });
});

test('a layer cannot speak for another', async () => {
  const draft = await admin.call('POST', '/policies/tenant/drafts', { files: { 'tenant.rego': denying('base', 'mine', 'x') } });
  expect(draft['valid']).toBe(false);
  expect(JSON.stringify(draft['report'])).toContain('package_outside_layer');
});

test('draft, version, release in dev, promotion to staging and prod, rollback under a higher sequence', async () => {
  const seqBefore = (await served(env.prod)).claims.seq;
  const first = await admin.version('tenant', { 'tenant.rego': denying('tenant', 'no_closing', 'ticket.close') });
  expect((await decided(await served(env.dev), 'ticket.close'))[1]).not.toContain('tenant/');

  expect(await admin.release(env.prod, { kind: 'release', layer: 'tenant', version: first })).toMatchObject({ status: 409, code: 'policy_not_promoted', detail: expect.stringContaining('staging has not run version 1') as string });
  expect(await admin.release(env.staging, { kind: 'promote' })).toMatchObject({ status: 409, code: 'policy_not_promoted' });
  const dev = await admin.release(env.dev, { kind: 'release', layer: 'tenant', version: first });
  expect(dev).toMatchObject({ status: 201, state: 'released', number: 1, environment: 'dev', stack: { packs: ['engineering', 'itsm'], tenant: first, workspace: null, environment: null }, bundle: { seq: 2 }, gate: null });
  expect(dev['diff']).toContainEqual({ path: 'tenant/tenant.rego', before: null, after: denying('tenant', 'no_closing', 'ticket.close') });
  expect(await decided(await served(env.dev), 'ticket.close')).toEqual(['DENY', 'tenant/no_closing']);
  expect(await decided(await served(env.staging), 'ticket.close')).not.toEqual(['DENY', 'tenant/no_closing']);

  const staging = await admin.release(env.staging, { kind: 'promote' });
  expect(staging).toMatchObject({ status: 201, kind: 'promote', from_release_id: dev['id'], stack_digest: dev['stack_digest'] });
  const prod = await admin.release(env.prod, { kind: 'promote' });
  expect(prod).toMatchObject({ status: 201, stack: { tenant: first } });

  const second = await admin.version('tenant', { 'tenant.rego': denying('tenant', 'no_reading', 'ticket.get') });
  for (const [where, kind] of [[env.dev, 'release'], [env.staging, 'promote'], [env.prod, 'promote']] as const) {
    expect(await admin.release(where, kind === 'release' ? { kind, layer: 'tenant', version: second } : { kind })).toMatchObject({ status: 201, number: 2 });
  }
  expect(await decided(await served(env.prod), 'ticket.get')).toEqual(['DENY', 'tenant/no_reading']);
  expect((await decided(await served(env.prod), 'ticket.close'))[1]).not.toContain('tenant/');

  const back = await admin.release(env.prod, { kind: 'rollback', to_release_id: prod['id'] });
  expect(back).toMatchObject({ status: 201, kind: 'rollback', number: 3, from_release_id: prod['id'], stack_digest: prod['stack_digest'] });
  const now = await served(env.prod);
  expect([now.claims.seq, now.manifest.metadata.countersign.layers]).toEqual([seqBefore + 3, { tenant: { version: first } }]);
  expect(now.manifest.revision).toBe(`prod-3-${String(prod['stack_digest']).slice('sha256:'.length, 'sha256:'.length + 12)}`);
  expect(await decided(now, 'ticket.close')).toEqual(['DENY', 'tenant/no_closing']);
  expect((await served(env.prod, 'enforce', `?seq=${seqBefore + 1}`)).wasm).toEqual(now.wasm);

  const states = ((await admin.get(`/policy-releases?environment_id=${env.prod}`))['items'] as Array<{ number: number; state: string }>).map(({ number, state }) => [number, state]);
  expect(states).toEqual([[3, 'released'], [2, 'superseded'], [1, 'superseded']]);
  expect(await plane.auditTypes(String(back['id']))).toEqual(['policy.released']);
}, 120_000);

test('back to what is shipped', async () => {
  const release = await admin.release(env.staging, { kind: 'rollback', to_release_id: null });
  expect(release).toMatchObject({ status: 201, stack: { packs: ['engineering', 'itsm'], tenant: null, workspace: null, environment: null } });
  expect((await decided(await served(env.staging), 'ticket.close'))[1]).not.toContain('tenant/');
}, 60_000);

test('the way back needs no OPA', async () => {
  const releases = (await admin.get(`/policy-releases?environment_id=${env.prod}`))['items'] as Array<{ id: string; number: number }>;
  await plane.restart({ opa: '/nowhere/opa' });
  expect((await admin.call('POST', '/policies/tenant/drafts', { files: {} }))['code']).toBe('opa_unavailable');
  expect(await admin.release(env.prod, { kind: 'rollback', to_release_id: releases.find(({ number }) => number === 2)?.id })).toMatchObject({ status: 201, number: 4 });
  expect(await decided(await served(env.prod), 'ticket.get')).toEqual(['DENY', 'tenant/no_reading']);
  expect(await admin.release(env.prod, { kind: 'rollback', to_release_id: null })).toMatchObject({ status: 201, number: 5, stack: { tenant: null } });
  await plane.restart();
}, 60_000);

test('workspace and environment have layers of their own on top; the environment keeps its own when it is promoted to', async () => {
  const { workspaceId } = plane.tenant;
  const workspace = await admin.version(workspaceId, { 'workspace.rego': denying('workspace', 'no_work', 'ticket.work') });
  const own = await admin.version(env.staging, { 'rules.rego': denying('environment', 'not_here', 'ticket.here') }, { data: { hours: [8, 17] } });
  expect(await admin.release(env.staging, { kind: 'release', layer: env.staging, version: own })).toMatchObject({ status: 201 });
  expect(await admin.release(env.dev, { kind: 'release', layer: workspaceId, version: workspace })).toMatchObject({ status: 201 });
  expect(await admin.release(env.dev, { kind: 'release', layer: env.staging, version: own })).toMatchObject({ code: 'policy_environment_unknown' });
  expect(await admin.release(env.staging, { kind: 'promote' })).toMatchObject({ status: 201, stack: { workspace, environment: own } });
  const bundle = await served(env.staging);
  expect(await decided(bundle, 'ticket.work')).toEqual(['DENY', 'workspace/no_work']);
  expect(await decided(bundle, 'ticket.here')).toEqual(['DENY', 'environment/not_here']);
  expect(bundle.data).toMatchObject({ countersign: { config: { environment: { hours: [8, 17] } } } });
  expect(Object.keys(bundle.manifest.metadata.countersign.rules)).toEqual(expect.arrayContaining(['workspace/no_work', 'environment/not_here']));
}, 120_000);

test('a tenant chooses and sets its packs, and names the parameters that its decision log may keep', async () => {
  const keep = { 'desk/ticket.get': ['/id'] };
  const data = { packs: { secops: { containment_votes: 3 } }, decision_log: { keep } };
  const version = await admin.version('tenant', {}, { packs: ['itsm', 'secops'], data });
  expect(await admin.release(env.dev, { kind: 'release', layer: 'tenant', version })).toMatchObject({ status: 201, stack: { packs: ['itsm', 'secops'], tenant: version } });
  const { manifest, files, data: served_data } = await served(env.dev);
  expect(manifest.metadata.countersign).toMatchObject({ packs: ['itsm', 'secops'], keep, reads: ['counters'] });
  expect(served_data).toMatchObject({ countersign: { config: { tenant: data } } });
  expect([...new Set([...files.keys()].map((path) => /^packs\/[^/]+/.exec(path)?.[0]))].sort()).toEqual(['packs/itsm', 'packs/secops', undefined]);
  const next = await admin.call('POST', '/policies/tenant/drafts', { files: {}, data: {} });
  expect(next['packs']).toEqual(['itsm', 'secops']);
}, 60_000);

test('in mode shadow a release decides beside what binds, by a bundle of its own, until it is ended', async () => {
  const scope = bundleScope(env.prod, 'shadow');
  const version = await admin.version('tenant', { 'tenant.rego': denying('tenant', 'nothing_at_all', 'ticket.get') });
  const shadow = await admin.release(env.prod, { mode: 'shadow', kind: 'release', layer: 'tenant', version });
  expect(shadow).toMatchObject({ status: 201, mode: 'shadow', number: 1, bundle: { scope, seq: 1 } });
  expect((await served(env.prod, 'shadow')).manifest.metadata.countersign.mode).toBe('shadow');
  expect(await decided(await served(env.prod, 'shadow'), 'ticket.get')).toEqual(['DENY', 'tenant/nothing_at_all']);
  expect((await decided(await served(env.prod), 'ticket.get'))[1]).not.toContain('nothing_at_all');
  const modes = async (): Promise<unknown[]> => ((await admin.get('/policy'))['items'] as Array<{ environment: string; mode: string }>).filter(({ environment }) => environment === 'prod').map(({ mode }) => mode);
  expect(await modes()).toEqual(['enforce', 'shadow']);

  const ended = await admin.call('POST', `/policy-releases/${String(shadow['id'])}/withdraw`, { reason: 'Seen enough' });
  expect(ended).toMatchObject({ status: 200, state: 'withdrawn', withdraw_reason: 'Seen enough' });
  expect(await modes()).toEqual(['enforce']);
  expect((await plane.api('GET', `/api/v1/policy-bundles/${scope}`)).body['code']).toBe('policy_bundle_missing');
  expect((await plane.api('GET', `/api/v1/policy-bundles/${scope}?seq=1`)).status).toBe(200);
  expect(await admin.call('POST', `/policy-releases/${String(shadow['id'])}/withdraw`, { reason: 'Again' })).toMatchObject({ status: 409, code: 'policy_release_state' });
}, 60_000);

test('the overview says what there is and what is in force', async () => {
  const overview = await admin.get('/policies');
  expect(overview).toMatchObject({ default_packs: ['engineering', 'itsm'], opa: { available: true, how_to_get_it: null } });
  expect((overview['layers'] as Array<{ kind: string; newest: { version: number } | null }>).map(({ kind, newest }) => [kind, newest?.version ?? null])).toEqual([['tenant', 4], ['workspace', 1], ['environment', null], ['environment', 1], ['environment', null]]);
  expect((overview['environments'] as Array<{ environment: string; enforce: { number: number } }>).map(({ environment, enforce }) => [environment, enforce.number])).toEqual([['dev', 4], ['staging', 5], ['prod', 5]]);
});
