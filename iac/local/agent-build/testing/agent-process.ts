import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A binary of the agent in an empty folder, with nothing in its environment: no Node, no PATH, no home. */
export class AgentHome {
  readonly folder: string;
  readonly #binary: string;
  #running: ChildProcess | undefined;
  #log = '';

  private constructor(binary: string, folder: string) {
    this.#binary = binary;
    this.folder = folder;
  }

  static async make(binary: string): Promise<AgentHome> {
    const home = new AgentHome(binary, await mkdtemp(path.join(tmpdir(), 'agent-home-')));
    await writeFile(home.config, JSON.stringify({ state_dir: path.join(home.folder, 'state'), shutdown_s: 5 }));
    return home;
  }

  get config(): string {
    return path.join(this.folder, 'agent.yaml');
  }

  /** What the process that runs has said. */
  get log(): string {
    return this.#log;
  }

  async call(args: readonly string[], { env = {}, input = '' }: { readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {}): Promise<Ended> {
    const child = spawn(this.#binary, args, { cwd: this.folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
    const [said, complained] = [collected(child.stdout), collected(child.stderr)];
    child.stdin.end(input);
    const [code] = await once(child, 'close') as [number | null];
    return { code, stdout: said(), stderr: complained() };
  }

  async enrol(token: string): Promise<void> {
    const { code, stderr } = await this.call(['enroll', '--config', this.config], { input: `${token}\n` });
    if (code !== 0) throw new TypeError(`not enrolled: ${stderr}`);
  }

  run(): void {
    this.#running = spawn(this.#binary, ['run', '--config', this.config], { cwd: this.folder, env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#running.stdout!, this.#running.stderr!]) stream.on('data', (chunk: Buffer) => { this.#log += chunk.toString(); });
  }

  /** The file that the process runs now. */
  runs(): Promise<string> {
    return readlink(`/proc/${this.#running!.pid}/exe`);
  }

  async memory_bytes(): Promise<number> {
    const status = await readFile(`/proc/${this.#running!.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  /** Gives its exit code. */
  async stop(): Promise<number | null> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined || running.exitCode !== null) return running?.exitCode ?? null;
    const ended = once(running, 'close') as Promise<[number | null]>;
    running.kill('SIGTERM');
    return (await ended)[0];
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function collected(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => { text += chunk.toString(); });
  return () => text;
}
