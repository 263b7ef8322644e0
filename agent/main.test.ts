import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enrol } from './enrolment/enrol.ts';
import { AgentCell } from './testing/agent-cell.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
let cell: AgentCell;
let agent: ChildProcess;
let state_dir: string;
let output: string;

beforeEach(async () => {
  cell = await AgentCell.start();
  state_dir = join(mkdtempSync(join(tmpdir(), 'main-')), 'state');
  await enrol({ state_dir, token: cell.token(), proxy: null, about: { version: '0.1.0', platform: 'linux-x64', labels: {}, capacity: 8 } });
  const config = join(state_dir, 'agent.yaml');
  writeFileSync(config, `{ state_dir: ${state_dir}, spool: { limit_bytes: 16777216, reserve_bytes: 1048576 } }`);
  output = '';
  agent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'run', '--config', config], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [agent.stdout!, agent.stderr!]) stream.on('data', (data: Buffer) => { output += data.toString(); });
  await cell.until(() => cell.agents.size > 0 && cell.entries().some(({ kind }) => kind === 'agent.started') && cell.agent().polls.length > 0);
});
afterEach(async () => {
  agent.kill('SIGKILL');
  await cell.stop();
});

/** Inodes of the sockets that a process of this machine listens on, of either family. */
function listening(): ReadonlySet<string> {
  const rows = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((name) => readFileSync(`/proc/net/${name}`, 'utf8').split('\n').slice(1).map((row) => ({ name, fields: row.trim().split(/\s+/) })));
  // TCP: LISTEN; UDP has no other state than being bound.
  return new Set(rows.filter(({ name, fields }) => fields[3] === '0A' || (name.startsWith('udp') && fields[3] === '07')).map(({ fields }) => fields[9]!));
}

function socketsOf(pid: number): readonly string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => { try { return readlinkSync(`/proc/${pid}/fd/${fd}`); } catch { return ''; } });
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

describe('the process of an agent', () => {
  it('listens nowhere, says what it does in JSON lines, and ends with 0 when it is told to, having said so', async () => {
    const ports = listening();
    // The stand-in cell in this process is seen by the same look.
    expect(socketsOf(process.pid).filter((inode) => ports.has(inode))).not.toEqual([]);
    expect(socketsOf(agent.pid!)).not.toEqual([]);
    expect(socketsOf(agent.pid!).filter((inode) => ports.has(inode))).toEqual([]);
    agent.kill('SIGTERM');
    expect(await once(agent, 'exit')).toEqual([0, null]);
    expect(cell.entries().map(({ kind }) => kind)).toEqual(['agent.started', 'agent.stopped']);
    const lines = output.trim().split('\n').map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['The agent starts', 'Connected to the cell', 'The agent has ended']));
  });

  it('ends at once when it is told so twice', async () => {
    cell.deliveries = Array.from({ length: 1_000 }, () => 'lost before');
    agent.kill('SIGTERM');
    await cell.until(() => cell.agent().polls.at(-1)?.draining === true);
    agent.kill('SIGTERM');
    expect(await once(agent, 'exit')).toEqual([1, null]);
    expect(cell.entries().map(({ kind }) => kind)).toEqual(['agent.started']);
  });

  it('is alone with its folder', async () => {
    const second = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'run', '--config', join(state_dir, 'agent.yaml')], { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    second.stderr.on('data', (data: Buffer) => { said += data.toString(); });
    expect(await once(second, 'exit')).toEqual([1, null]);
    expect(said).toContain('Another process');
  });
});
