import { afterAll, beforeAll, expect, test } from 'vitest';
import { IssuerKeys } from './issuer-keys.ts';
import { CI_AUDIENCE, startCiIssuer } from './testing/ci-issuer.ts';
import type { CiIssuer } from './testing/ci-issuer.ts';
import { checkToken } from './token-check.ts';

let ci: CiIssuer;
beforeAll(async () => { ci = await startCiIssuer(); });
afterAll(() => ci.stop());

const trusted = () => ({ issuer: ci.issuer, audience: CI_AUDIENCE, conditions: [{ claim: 'repository', equals: 'acme/app' }] });

test('an issuer that takes another key is followed, and what the old one signed is refused', async () => {
  const keys = new IssuerKeys({ allowLoopback: true, cooldown_ms: 0 });
  const before = await ci.token();
  expect(await checkToken(before, trusted(), keys)).toMatchObject({ claims: { repository: 'acme/app' } });
  await ci.rotate();
  expect(await checkToken(await ci.token(), trusted(), keys)).toMatchObject({ claims: { repository: 'acme/app' } });
  expect(await checkToken(before, trusted(), keys)).toMatchObject({ failed: [{ check: 'signature' }] });
  await keys.close();
});

test('an issuer is not asked again for each key that nobody has heard of', async () => {
  const keys = new IssuerKeys({ allowLoopback: true });
  expect(await checkToken(await ci.token(), trusted(), keys)).toHaveProperty('claims');
  await ci.rotate();
  expect(await checkToken(await ci.token(), trusted(), keys)).toMatchObject({ failed: [{ check: 'signature' }] });
  await keys.close();
});

test('an issuer on this machine is asked only where stand-ins are allowed, and one that is away is no yes', async () => {
  const strict = new IssuerKeys({ allowLoopback: false });
  expect(await checkToken(await ci.token(), trusted(), strict)).toMatchObject({ failed: [{ check: 'keys' }] });
  await strict.close();
  const gone = await startCiIssuer();
  const token = await gone.token();
  await gone.stop();
  const keys = new IssuerKeys({ allowLoopback: true });
  expect(await checkToken(token, { ...trusted(), issuer: gone.issuer }, keys)).toMatchObject({ failed: [{ check: 'keys' }] });
  await keys.close();
});
