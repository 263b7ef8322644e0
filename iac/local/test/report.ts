import { TestRunError } from './errors.ts';

/** Runs stages one after the other, a line with its time each, and remembers which failed. */
export class StageReport {
  readonly failed: string[] = [];
  readonly #write: (text: string) => void;
  readonly #now_ms: () => number;

  constructor(write: (text: string) => void, now_ms: () => number = () => performance.now()) {
    this.#write = write;
    this.#now_ms = now_ms;
  }

  /** Runs a stage. One that fails is reported with what it said and the next goes on, so that one run shows everything. */
  async stage<T>(name: string, work: (note: (message: string) => void) => Promise<T>): Promise<T | undefined> {
    const started_ms = this.#now_ms();
    const note = (message: string): void => this.#write(`  … ${name}: ${message}\n`);
    try {
      const result = await work(note);
      this.#write(`  ✓ ${name} (${this.#seconds(started_ms)})\n`);
      return result;
    } catch (error) {
      if (error instanceof TestRunError && error.code === 'test_run_interrupted') throw error;
      this.failed.push(name);
      this.#write(`  ✗ ${name} (${this.#seconds(started_ms)})\n${indent(explain(error))}\n`);
      return undefined;
    }
  }

  #seconds(started_ms: number): string {
    return `${((this.#now_ms() - started_ms) / 1000).toFixed(1)} s`;
  }
}

function explain(error: unknown): string {
  if (error instanceof TestRunError) return [error.message, error.output.trim()].filter((part) => part !== '').join('\n');
  if (error instanceof Error) return 'code' in error ? `${String(error.code)}: ${error.message}` : (error.stack ?? error.message);
  return String(error);
}

function indent(text: string): string {
  return text.split('\n').map((line) => `      ${line}`).join('\n');
}
