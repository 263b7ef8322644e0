import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { CellError } from '../cell/errors.ts';
import { ended } from './child-inside.ts';
import { commandInside } from './inside.ts';
import type { Inside } from './inside.ts';

/** How the agent is started: the binary, or Node with its entry. */
export type AgentCommand = readonly [string, ...string[]];

export interface AgentConnection {
  readonly name: string;
  readonly connector: string;
  readonly base_url: string;
  readonly username: string;
  readonly password: string;
}

export interface AgentProcessOptions {
  readonly command: AgentCommand;
  /** Null: where this process is. */
  readonly inside: Inside | null;
  /** Made for it: settings, secrets and state. The folder above must let others pass. */
  readonly folder: string;
  readonly connection: AgentConnection;
}

/** Where this process is root, the agent is not: it runs as this user (`nobody`), as its service does. */
const ORDINARY_USER = 65_534;

/** An agent as its own process of an ordinary user, which holds nothing but what is in its folder. */
export class AgentProcess {
  readonly stateDir: string;
  readonly logFile: string;
  readonly #options: AgentProcessOptions;
  readonly #configFile: string;
  #child: ChildProcess | undefined;

  private constructor(options: AgentProcessOptions) {
    this.#options = options;
    this.stateDir = path.join(options.folder, 'state');
    this.logFile = path.join(options.folder, 'agent.log');
    this.#configFile = path.join(options.folder, 'agent.yaml');
  }

  /** Writes what its administrator would: `agent.yaml`, and the password in a file beside it. */
  static async prepare(options: AgentProcessOptions): Promise<AgentProcess> {
    const agent = new AgentProcess(options);
    const { folder, connection: { username, password, ...connection } } = options;
    const passwordFile = path.join(folder, 'servicenow-password');
    await mkdir(agent.stateDir, { recursive: true, mode: 0o700 });
    await writeFile(passwordFile, password, { mode: 0o600 });
    await writeFile(path.join(folder, 'servicenow-user'), username, { mode: 0o600 });
    await writeFile(agent.#configFile, stringify({
      state_dir: agent.stateDir,
      connections: [{
        ...connection, allowed_hosts: [new URL(connection.base_url).host],
        credential: { kind: 'basic', username: { file: path.join(folder, 'servicenow-user') }, password: { file: passwordFile } },
      }],
    }), { mode: 0o600 });
    if (isRoot()) for (const name of ['', 'state', 'servicenow-password', 'servicenow-user', 'agent.yaml']) await chown(path.join(folder, name), ORDINARY_USER, ORDINARY_USER);
    return agent;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Runs one command of it to its end. @returns its standard output @throws CellError `demo_failed` with what it said */
  async ask(name: string, options: { readonly args?: readonly string[]; readonly stdin?: string; readonly expect?: readonly number[] } = {}): Promise<string> {
    const child = this.#spawn([name, '--config', this.#configFile, ...options.args ?? []], ['pipe', 'pipe', 'pipe']);
    const said = { stdout: '', stderr: '' };
    child.stdout!.on('data', (chunk: Buffer) => { said.stdout += chunk.toString('utf8'); });
    child.stderr!.on('data', (chunk: Buffer) => { said.stderr += chunk.toString('utf8'); });
    child.stdin!.on('error', () => undefined).end(options.stdin ?? '');
    const code = await new Promise<number | null>((resolve) => { child.once('close', resolve).once('error', () => resolve(null)); });
    if (code === null || !(options.expect ?? [0]).includes(code)) throw new CellError('demo_failed', `The agent's \`${name}\` ended with ${code ?? 'a signal'}: ${(said.stderr || said.stdout).trim()}`);
    return said.stdout;
  }

  /** The token goes in by its standard input: what stands in a command line, everybody on the machine reads. */
  async enrol(token: string): Promise<void> {
    await this.ask('enroll', { stdin: `${token}\n` });
  }

  start(): void {
    const log = openSync(this.logFile, 'a', 0o600);
    this.#child = this.#spawn(['run', '--config', this.#configFile], ['ignore', log, log]);
    closeSync(log);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || isOver(child)) return;
    const exit = new Promise((resolve) => { child.once('exit', resolve); });
    child.kill('SIGKILL');
    await exit;
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined) await ended(this.#child);
  }

  /** @throws CellError `demo_failed` with the end of its log where it is not running any more */
  async requireRunning(): Promise<void> {
    if (this.#child === undefined || !isOver(this.#child)) return;
    throw new CellError('demo_failed', `The agent ended (${this.#child.exitCode ?? this.#child.signalCode}). The end of its log:\n${await this.logTail()}`);
  }

  async logTail(): Promise<string> {
    const lines = (await readFile(this.logFile, 'utf8').catch(() => '')).trimEnd().split('\n');
    return lines.slice(-8).map((line) => `  ${line.slice(0, 500)}`).join('\n');
  }

  #spawn(given: readonly string[], stdio: SpawnOptions['stdio']): ChildProcess {
    const { command: [program, ...first], inside } = this.#options;
    // It ends with whoever started it, also by kill -9; and gains no right that it did not begin with.
    const user = isRoot() ? ['--reuid', String(ORDINARY_USER), '--regid', String(ORDINARY_USER), '--clear-groups'] : [];
    const confined = ['--no-new-privs', '--pdeathsig', 'KILL', ...user, '--', program, ...first, ...given];
    const { command, args } = inside === null ? { command: 'setpriv', args: confined } : commandInside(inside, 'setpriv', confined);
    return spawn(command, args, { stdio: stdio ?? 'ignore', cwd: '/', env: {} });
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
