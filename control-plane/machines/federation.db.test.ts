import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JWTPayload } from 'jose';
import { newId } from '@countersign/platform/ids/typeid.ts';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import type { ApiReply, TestPrincipal } from '../testing/control-plane-under-test.ts';
import { deskManifest } from '../testing/manifests.ts';
import { CI_AUDIENCE, startCiIssuer } from './testing/ci-issuer.ts';
import type { CiIssuer } from './testing/ci-issuer.ts';

let plane: ControlPlaneUnderTest;
let ci: CiIssuer;
let admin: TestPrincipal;
let federationId: string;

beforeAll(async () => {
  [plane, ci] = [await ControlPlaneUnderTest.start({ COUNTERSIGN_STAND_INS: 'loopback', COUNTERSIGN_SLACK_STAND_INS: 'loopback' }), await startCiIssuer()];
  admin = await plane.principal(['admin']);
  expect((await api('POST', '/connectors', { manifest: deskManifest() })).status).toBe(201);
  const robot = (await api('POST', '/service-accounts', { name: 'Publisher' })).body['id'] as string;
  await api('POST', '/role-assignments', { principal_id: robot, role: 'author' });
  const made = await api('POST', '/federations', { name: 'CI', principal_id: robot, scopes: ['workflows:publish', 'workflows:read'], ...TRUSTED() });
  expect(made.status).toBe(201);
  federationId = made.body['id'] as string;
});
afterAll(async () => { await plane.stop(); await ci.stop(); });

const TRUSTED = () => ({ issuer: ci.issuer, audience: CI_AUDIENCE, conditions: [{ claim: 'repository', equals: 'acme/app' }, { claim: 'ref', glob: 'refs/heads/*' }] });
const api = (method: string, path: string, json?: unknown, key: string = admin.key): Promise<ApiReply> => plane.api(method, `/api/v1${path}`, { key, ...(json === undefined ? {} : { json }) });
const exchange = async (subject_token: string, more: Record<string, string> = {}): Promise<ApiReply> => plane.api('POST', '/api/v1/oauth/token', {
  key: null, headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', audience: 'local', subject_token, ...more }).toString(),
});

test('a CI job publishes a workflow without a stored key', async () => {
  const issued = await exchange(await ci.token());
  expect(issued.body).toMatchObject({ token_type: 'Bearer', issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', scope: 'workflows:publish workflows:read' });
  const token = String(issued.body['access_token']);
  const source = 'apiVersion: countersign.dev/v1\nkind: Workflow\nmetadata: { name: from-ci }\nspec:\n  trigger: manual\n  steps:\n    - { id: get, uses: desk/ticket.get, with: { id: "1" } }\n';
  const published = await plane.api('POST', '/api/v1/workflows', { key: token, body: source, headers: { 'content-type': 'application/yaml' } });
  expect([published.status, published.body['name']]).toEqual([201, 'from-ci']);
  expect((await api('GET', '/runs', undefined, token)).body['code']).toBe('scope_missing');
});

describe('nothing is issued', () => {
  const over_s = Math.floor(Date.now() / 1_000) - 7_200;
  const cases: ReadonlyArray<readonly [string, JWTPayload, string]> = [
    ['for another audience', { aud: 'https://elsewhere.example.test' }, 'audience'],
    ['for a token that is over', { iat: over_s, exp: over_s + 300 }, 'time'],
    ['for a token that is hours old and still not over', { iat: over_s, exp: over_s + 20_000 }, 'time'],
    ['for a token that names no end', { exp: undefined }, 'time'],
    ['for another repository', { repository: 'acme/app-evil' }, 'condition'],
    ['for a pull request', { ref: 'refs/pull/1/merge' }, 'condition'],
    ['for a claim that is a list', { repository: ['acme/app'] }, 'condition'],
  ];
  test.each(cases)('%s', async (_case, claims, check) => {
    const token = await ci.token(claims);
    const refused = await exchange(token);
    expect([refused.status, refused.body]).toEqual([400, { error: 'invalid_grant', error_description: 'The token is not accepted here.' }]);
    // Why is told to who set the federation up.
    expect((await api('POST', `/federations/${federationId}/test`, { token })).body).toMatchObject({ accepted: false, failed: [{ check }] });
  });

  test('twice for one token, however many ask at once', async () => {
    const token = await ci.token();
    const answers = await Promise.all(Array.from({ length: 5 }, () => exchange(token)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400, 400]);
  });

  test('for a key that the issuer does not publish, a body that was changed, or no algorithm', async () => {
    const token = await ci.token();
    const [header = '', , signature = ''] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object, jti: 'forged', ref: 'refs/heads/other' })).toString('base64url');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged}.`;
    const symmetric = `${Buffer.from('{"alg":"HS256","kid":"key-1"}').toString('base64url')}.${forged}.${signature}`;
    for (const wrong of [`${header}.${forged}.${signature}`, none, symmetric, 'x.y.z', 'nonsense']) expect((await exchange(wrong)).body['error']).toBe('invalid_grant');
    expect((await exchange(await ci.token({}, { kid: 'never-published' }))).body['error']).toBe('invalid_grant');
  });

  test('by an issuer, or in a tenant, that is not known; the answer is the same', async () => {
    const known = await exchange(await ci.token({ repository: 'x' }));
    expect((await exchange(await ci.token({ iss: 'https://issuer.example.test' }))).body).toEqual(known.body);
    expect((await exchange(await ci.token(), { audience: 'no-such-tenant' })).body).toEqual(known.body);
    expect((await exchange(await ci.token(), { audience: newId('tenant') })).body).toEqual(known.body);
    // PostgreSQL has no NUL.
    expect((await exchange(await ci.token({ iss: `${ci.issuer}\0` }))).body).toEqual(known.body);
    expect((await exchange(await ci.token(), { audience: 'local\0' })).body['error']).toBe('invalid_request');
  });
});

test('refusals are audited, with the reason and without the token', async () => {
  const refused = (await plane.auditEvents()).filter(({ type }) => type === 'federation.refused');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ data: { code: 'audience' } });
});

describe('a federation', () => {
  beforeEach(async () => { await api('PATCH', `/federations/${federationId}`, { enabled: true }); });

  test('that is disabled ends the tokens that it got', async () => {
    const token = String((await exchange(await ci.token())).body['access_token']);
    expect((await api('GET', '/workflows', undefined, token)).status).toBe(200);
    expect((await api('PATCH', `/federations/${federationId}`, { enabled: false })).status).toBe(200);
    expect((await api('GET', '/workflows', undefined, token)).status).toBe(401);
    expect((await exchange(await ci.token())).body['error']).toBe('invalid_grant');
  });

  test('is not made loose, nor wider than its maker', async () => {
    const robot = (await api('POST', '/service-accounts', { name: 'Other' })).body['id'] as string;
    const wish = { name: 'loose', principal_id: robot, scopes: ['runs:read'], ...TRUSTED() };
    expect((await api('POST', '/federations', { ...wish, conditions: [{ claim: 'ref', glob: 'refs/*' }] })).body['code']).toBe('request_invalid');
    expect((await api('POST', '/federations', { ...wish, conditions: [] })).body['code']).toBe('request_invalid');
    expect((await api('POST', '/federations', { ...wish, principal_id: admin.id })).body['code']).toBe('not_found');
  });
});
