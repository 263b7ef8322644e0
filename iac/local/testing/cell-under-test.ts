import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CellState } from '../cell/data-folder.ts';
import { baseEnvironment, ROOT } from '../config.ts';

/** A whole cell as `npm start` starts it, in a folder of its own, for tests that judge it from outside. */
export class CellUnderTest {
  readonly dataDir: string;
  readonly supervisor: ChildProcess;
  #output = '';

  private constructor(dataDir: string, flags: readonly string[]) {
    this.dataDir = dataDir;
    this.supervisor = spawn(process.execPath, [path.join(ROOT, 'iac/local/start.ts'), '--data-dir', dataDir, '--port', '0', '--sandbox-port', '0', '--no-opa', ...flags],
      { env: baseEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.supervisor.stdout!, this.supervisor.stderr!]) stream.setEncoding('utf8').on('data', (text: string) => { this.#output += text; });
  }

  /** Resolves when the cell says that it is ready. */
  static async start(flags: readonly string[] = [], dataDir?: string): Promise<CellUnderTest> {
    const cell = new CellUnderTest(dataDir ?? await mkdtemp(path.join(tmpdir(), 'countersign-cell-')), flags);
    await cell.says('Countersign is ready');
    return cell;
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves when the supervisor has printed `text`; rejects with all it printed when it ends before. */
  says(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.#output.includes(text)) return;
        this.supervisor.stdout!.off('data', look);
        resolve();
      };
      this.supervisor.stdout!.on('data', look);
      this.supervisor.once('exit', (code) => reject(new Error(`The cell ended with ${code} before it said ${JSON.stringify(text)}:\n${this.#output}`)));
      look();
    });
  }

  async state(): Promise<CellState> {
    return JSON.parse(await readFile(path.join(this.dataDir, 'cell.json'), 'utf8')) as CellState;
  }

  /** The sign-in link that the banner shows. */
  get signInUrl(): string {
    return /http:\S+\/sign-in#token=\S+/.exec(this.#output)![0];
  }

  /** A new sign-in link, as `npm run sign-in` prints it. */
  signInAgain(): Promise<{ code: number | null; stdout: string; stderr: string }> {
    return run('iac/local/sign-in.ts', ['--data-dir', this.dataDir]);
  }

  /** The pid that the supervisor last gave for a process. */
  async pidOf(name: string): Promise<number> {
    const again = [...this.#output.matchAll(new RegExp(`${name} is back \\(pid (\\d+)\\)`, 'g'))].at(-1)?.[1];
    return again === undefined ? (await this.state()).processes[name]! : Number(again);
  }

  /** SIGTERM, as a service manager would. Gives the exit code. */
  async stop(): Promise<number | null> {
    if (this.supervisor.exitCode !== null) return this.supervisor.exitCode;
    const ended = new Promise<number | null>((resolve) => { this.supervisor.once('exit', resolve); });
    this.supervisor.kill('SIGTERM');
    return ended;
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Runs one of the commands to its end. */
export function run(entry: string, args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(ROOT, entry), ...args], { env: baseEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
