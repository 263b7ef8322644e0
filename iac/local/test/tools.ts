import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { runEnvironment } from './config.ts';
import { TestRunError } from './errors.ts';

/** Runs the tools of a test run in the checkout, one at a time, and can stop the one that runs. */
export class Tools {
  readonly #root: string;
  #current: ChildProcess | undefined;
  #stopped = false;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Runs a tool and keeps its output for the case that it fails.
   * @throws TestRunError `test_stage_failed` with that output
   */
  async run(file: string, ...args: string[]): Promise<void> {
    const child = this.#spawn(file, args, 'pipe');
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    const code = await this.#ended(child, file);
    if (code !== 0) throw new TestRunError('test_stage_failed', `${[file, ...args].join(' ')} ended with exit code ${code}`, output);
  }

  /** Runs a tool that talks to the terminal itself. Gives its exit code. */
  async runInTerminal(file: string, args: readonly string[], extraEnvironment: Record<string, string>): Promise<number> {
    const code = await this.#ended(this.#spawn(file, args, 'inherit', extraEnvironment), file);
    if (this.#stopped) throw interrupted();
    return code;
  }

  /** Ends what runs and lets nothing more start. */
  stop(): void {
    this.#stopped = true;
    this.#current?.kill('SIGTERM');
  }

  #spawn(file: string, args: readonly string[], output: 'pipe' | 'inherit', extra: Record<string, string> = {}): ChildProcess {
    if (this.#stopped) throw interrupted();
    this.#current = spawn(file, args, {
      cwd: this.#root,
      env: runEnvironment(this.#root, extra),
      stdio: [output === 'inherit' ? 'inherit' : 'ignore', output, output],
    });
    return this.#current;
  }

  /** The exit code of a child; one that a signal ended counts as a failure. */
  async #ended(child: ChildProcess, file: string): Promise<number> {
    try {
      const [code]: unknown[] = await once(child, 'close');
      return typeof code === 'number' ? code : 1;
    } catch (error) {
      throw new TestRunError('test_stage_failed', `${file} could not be run: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#current = undefined;
    }
  }
}

function interrupted(): TestRunError {
  return new TestRunError('test_run_interrupted', 'the test run was interrupted');
}
