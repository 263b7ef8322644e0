import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3Objects } from '@countersign/platform/objects/s3-objects.ts';
import { deletePastThePort } from '@countersign/platform/objects/testing/delete-past-the-port.ts';
import type { DemoReport } from './demo/report.ts';
import { signInAtProvider } from './oidc/browser-at-provider.ts';
import { eventually } from './testing/api-of.ts';
import { CellUnderTest, run } from './testing/cell-under-test.ts';

/** One cell with everything at what stands in for AWS, a witness and an identity provider beside it. Later tests go on with what earlier ones left. */
describe('a cell on the AWS side of every port', () => {
  let cell: CellUnderTest;
  beforeAll(async () => { cell = await CellUnderTest.start([...FLAGS, '--aws', '--witness', '--oidc']); }, 240_000);
  afterAll(() => cell.dispose(), 60_000);

  it('takes tickets all the way, while the key that seals their content is rotated', async () => {
    expect(Object.keys((await cell.state()).processes)).toEqual(expect.arrayContaining(['sqs-stand-in', 'redis', 'aws-stand-in', 'witness', 'oidc-stand-in']));
    const tickets = demo(cell, 3);
    await rotate(cell, 'content');
    expect(await tickets).toMatchObject(allOf(3));
    const keys = await dataKeys(cell);
    expect(keys.every(({ kek }) => kek.startsWith('aws-kms:arn:'))).toBe(true);
    expect(keys.filter(({ purpose }) => purpose === 'content').map(({ state }) => state)).toEqual(['sealing', 'opening']);
    expect((await ask<{ items: Array<{ source: string }> }>(cell, 'GET', '/api/v1/credentials')).body.items.map(({ source }) => source)).toEqual(['aws-sm', 'aws-sm']);
  }, 240_000);

  it('keeps evidence, checkpoints and what its witness says of them where nobody deletes them', async () => {
    const place = (await cell.state()).objects.objectsS3!;
    const objects = new S3Objects(place);
    for (const kind of [/\/evidence\//, /\/checkpoints\/[^.]+\.chk_\w+$/, /\/checkpoints\/.+\.cosigned\./]) {
      const key = await eventually(async () => (await keysOf(objects)).find((one) => kind.test(one)));
      await expect(objects.remove(key)).rejects.toMatchObject({ code: 'object_retained' });
      expect(await deletePastThePort(place, key), key).toEqual(['AccessDenied']);
    }
  }, 90_000);

  it('lets people in by the identity provider, with the second factor that it says and the role that they were invited for', async () => {
    const { url } = await cell.state();
    const begun = await fetch(`${url}/api/v1/sign-in/oidc`, { method: 'POST', headers: { 'content-type': 'application/json', origin: url }, body: JSON.stringify({ tenant: 'local' }) });
    const attempt = cookiesOf(begun);
    const back = await signInAtProvider((await begun.json() as { authorization_url: string }).authorization_url, 'sub-approver');
    const landed = await fetch(`${url}${back.pathname}${back.search}`, { redirect: 'manual', headers: { cookie: attempt } });
    const me = await fetch(`${url}/api/v1/me`, { headers: { cookie: cookiesOf(landed) } });
    expect(await me.json()).toMatchObject({ auth_strength: 'mfa', auth: { method: 'oidc' }, roles: ['approver'] });
  }, 60_000);

  it('says that KMS does not answer, makes no key without it, and goes on when it does', async () => {
    const moto = await pythonOf(await cell.pidOf('aws-stand-in'));
    process.kill(moto, 'SIGSTOP');
    const refused = await rotate(cell, 'approval').finally(() => process.kill(moto, 'SIGCONT'));
    expect(refused).toMatchObject({ status: 503, body: { code: 'root_key_unreachable' } });
    expect((await rotate(cell, 'approval')).status).toBe(201);
    expect(await demo(cell, 1)).toMatchObject(allOf(1));
  }, 240_000);

  it('takes tickets all the way while queue, Redis, KMS, secrets and objects are killed and come back, and writes each note once', async () => {
    const tickets = demo(cell, 4);
    for (const name of ['sqs-stand-in', 'redis', 'aws-stand-in']) await killAndAwaitReturn(cell, name);
    expect(await tickets).toMatchObject(allOf(4));
  }, 240_000);

  it('goes from KMS to a key file and loses nothing; it stays on S3', async () => {
    await cell.stop();
    cell = await CellUnderTest.start([...FLAGS, '--keys', 'file'], cell.dataDir);
    expect(cell.output).toContain('KMS (of before), Secrets Manager, S3: moto, a stand-in for AWS');
    await expect.poll(async () => new Set((await dataKeys(cell)).map(({ kek }) => kek.split(':')[0])), { timeout: 30_000 }).toEqual(new Set(['file']));
    expect(await demo(cell, 1)).toMatchObject(allOf(1));
  }, 240_000);
});

const FLAGS = ['--workers', '2'];
const allOf = (tickets: number) => ({ tickets, written_back: tickets, evidence_verified: tickets, denied: 0 });

/** Tickets from the sandbox, approvals, and what was written back, judged from outside: a note that is there twice counts as not written back. */
async function demo(cell: CellUnderTest, tickets: number): Promise<DemoReport> {
  const { code, stdout, stderr } = await run('iac/local/demo.ts', ['--tickets', String(tickets), '--json', '--data-dir', cell.dataDir]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as DemoReport;
}

async function ask<Body>(cell: CellUnderTest, method: string, target: string, json?: object, key?: string): Promise<{ readonly status: number; readonly body: Body }> {
  const { url, api_key } = await cell.state();
  const response = await fetch(`${url}${target}`, { method, headers: { authorization: `Bearer ${key ?? api_key}`, 'content-type': 'application/json' }, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as Body };
}

const rotate = (cell: CellUnderTest, purpose: string) => ask<object>(cell, 'POST', '/api/v1/data-keys/rotations', { purpose, reason: 'Every quarter' });
const dataKeys = async (cell: CellUnderTest) => (await ask<{ items: Array<{ purpose: string; kek: string; state: string }> }>(cell, 'GET', '/api/v1/data-keys')).body.items;
const cookiesOf = (response: Response): string => response.headers.getSetCookie().map((set) => set.split(';')[0]).join('; ');

async function keysOf(objects: S3Objects): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of objects.list('')) keys.push(key);
  return keys;
}

/** The process that the launcher watches starts moto as its only child. */
async function pythonOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')[0]);
}

async function killAndAwaitReturn(cell: CellUnderTest, name: string): Promise<void> {
  const returns = (): number => cell.output.split(`${name} is back`).length;
  const before = returns();
  process.kill(await cell.pidOf(name), 'SIGKILL');
  await eventually(async () => (returns() > before ? true : undefined));
}
