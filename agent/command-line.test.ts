import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { runCommandLine } from './command-line.ts';
import { AgentCell } from './testing/agent-cell.ts';
import { COMMANDS } from './usage.ts';

let cell: AgentCell;
let env: Record<string, string>;
let printed: string;
let said: string;

beforeAll(async () => {
  cell = await AgentCell.start();
});
afterAll(() => cell.stop());
beforeEach(() => {
  env = { COUNTERSIGN_AGENT_STATE_DIR: join(mkdtempSync(join(tmpdir(), 'agent-')), 'state') };
  printed = said = '';
});

function run(args: readonly string[], input = ''): Promise<number> {
  const surroundings = { env, input: Readable.from([input]) as unknown as NodeJS.ReadStream, print: (text: string) => { printed += text; }, say: (text: string) => { said += text; } };
  return runCommandLine(args, surroundings);
}

it('tells what there is', async () => {
  expect(await run(['--help'])).toBe(0);
  for (const name of Object.keys(COMMANDS)) expect(printed).toContain(`  ${name} `);
  expect(await run([])).toBe(2);
});

it.each(Object.keys(COMMANDS))('tells what %s does, and knows no option that it lacks', async (name) => {
  expect(await run([name, '--help'])).toBe(0);
  expect(printed).toMatch(new RegExp(`^Usage: countersign-agent ${name} `));
  expect(await run([name, '--nope'])).toBe(2);
  expect(said).toContain('--nope');
});

it('has no other commands', async () => {
  expect(await run(['constructor'])).toBe(2);
  expect(said).toContain('no command "constructor"');
});

it.each(['run', 'status', 'policy'])('%s says what a person has to do before there is an agent', async (name) => {
  expect(await run([name])).toBe(78);
  expect(said).toMatch(/run: countersign-agent enroll/);
});

it('names what is wrong with the settings, and where they are', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'agent-')), 'agent.yaml');
  writeFileSync(file, 'capacity: none');
  env = {};
  expect(await run(['status', '--config', file])).toBe(78);
  expect(said).toContain(file);
  expect(await run(['status', '--config', `${file}.other`])).toBe(78);
  expect(said).toContain(`${file}.other cannot be used`);
});

it('enrols by a token from standard input, a file or the environment, once, and again where that is said', async () => {
  expect(await run(['enroll', '--json'], `${cell.token()}\n`)).toBe(0);
  const { agent_id } = JSON.parse(printed) as { agent_id: string };
  expect(cell.agents.has(agent_id)).toBe(true);
  expect(await run(['status'])).toBe(1);
  expect(await run(['enroll'], cell.token())).toBe(78);
  expect(said).toContain('--again');
  const file = join(mkdtempSync(join(tmpdir(), 'agent-')), 'token');
  writeFileSync(file, cell.token());
  expect(await run(['enroll', '--again', '--token-file', file])).toBe(0);
  env = { ...env, COUNTERSIGN_AGENT_ENROLMENT_TOKEN: cell.token() };
  expect(await run(['enroll', '--again'])).toBe(0);
  const used = env.COUNTERSIGN_AGENT_ENROLMENT_TOKEN!;
  expect(await run(['enroll', '--again'])).toBe(1);
  expect(said).toContain('enrolment_token_used');
  expect(printed + said).not.toContain(used.slice(-20));
});

it('says its version, and that from source it has no list of its parts', async () => {
  expect(await run(['version', '--json'])).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({ protocol: 1, node: process.versions.node });
  expect(await run(['version', '--sbom'])).toBe(1);
});

it('looks at what is there with doctor, and exits by what it finds', async () => {
  expect(await run(['doctor', '--json'])).toBe(1);
  const { findings } = JSON.parse(printed) as { findings: Array<{ name: string; ok: boolean | null; fix: string | null }> };
  expect(findings).toHaveLength(10);
  expect(findings.filter(({ ok }) => ok === false).map(({ name }) => name)).toEqual(['certificate', 'connector']);
});
