import type { StepDefinition } from '@countersign/contracts/workflow/definition.ts';
import { decideCommand } from '../commands/decide.ts';
import type { Moves } from '../dispatch/plan-moves.ts';
import type { LockedRun } from '../dispatch/repository-runs.ts';
import type { Flaw } from './flaws.ts';
import { Monitor } from './monitor.ts';
import type { StepKind } from './monitor.ts';
import { PeerModel } from './peer-model.ts';
import type { PeerFaults } from './peer-model.ts';
import { Seeded } from './seeded.ts';
import { StoreModel } from './store-model.ts';
import type { ModelStep } from './store-model.ts';
import { Timeline } from './timeline.ts';

/** How one seed's cell is set up. */
export interface Settings {
  readonly leaseMs: number;
  /** Of every action. */
  readonly timeoutMs: number;
  readonly workers: number;
  readonly concurrency: number;
  /** How workers hear of work: a broadcast that may be lost, or messages that may be lost, doubled, late and out of order. */
  readonly wake: 'broadcast' | 'messages';
  readonly hintLost: number;
  readonly connectionBreaks: number;
  readonly retry: StepDefinition['retry'];
}

export interface Command { readonly id: string; readonly runId: string; readonly kind: 'cancel' | 'redrive'; done: boolean }

const ARRIVALS_MS = 25_000;
const CALM: PeerFaults = { busy: 0, refused: 0, answer_lost: 0, request_lost: 0, slow: 0.02 };

/** Everything that a seed's simulation consists of, made from the seed alone. */
export class World {
  readonly timeline = new Timeline();
  readonly random: Seeded;
  readonly settings: Settings;
  readonly store: StoreModel;
  readonly peer: PeerModel;
  readonly monitor: Monitor;
  readonly commands: Command[] = [];
  readonly flaws: ReadonlySet<Flaw>;
  /** Told of everything that happens, for a person who looks at a seed that failed. */
  readonly trace: (line: string) => void;
  /** Faults have ceased. */
  calm = false;
  /** Told of a run that begins. */
  onRun: (runId: string) => void = () => undefined;
  #planned = 0;
  readonly #kinds = new Map<string, StepKind>();

  constructor(seed: number, flaws: ReadonlySet<Flaw>, trace: (line: string) => void) {
    this.random = new Seeded('world', seed);
    this.flaws = flaws;
    this.trace = trace;
    const { random } = this;
    this.settings = {
      leaseMs: random.pick([600, 1_500, 4_000]), timeoutMs: random.pick([400, 1_500, 5_000]), workers: random.between(1, 4), concurrency: random.between(1, 4),
      wake: random.pick(['broadcast', 'messages']), hintLost: random.pick([0, 0.1, 0.9]), connectionBreaks: random.pick([0, 0.01, 0.04]),
      retry: { max_attempts: random.between(2, 6), backoff: random.pick(['exponential', 'fixed']), initial_ms: random.pick([10, 200]), max_ms: 2_000 },
    };
    this.store = new StoreModel(flaws);
    const kindOf = (stepId: string): StepKind => this.kindOf(stepId);
    this.monitor = new Monitor(this.store, kindOf);
    const share = (): number => random.pick([0, 0.03, 0.15]);
    this.peer = new PeerModel(this.timeline, new Seeded('peer', seed), this.settings.timeoutMs,
      { busy: share(), refused: share() / 3, answer_lost: share(), request_lost: share(), slow: share() }, (effect) => kindOf(effect).does === 'keyed');
    this.#planRuns();
  }

  kindOf(stepId: string): StepKind {
    return this.#kinds.get(stepId)!;
  }

  /** What a person's command does to the run, as `commands/` decides it. */
  decide(run: LockedRun, { id, kind, runId }: Command): Moves | null {
    return decideCommand(run, { tenant_id: run.tenantId, id, run_id: runId, kind, step_key: null, reason: 'because', requested_by: 'somebody', bulk_id: null }, this.store.openEffects(runId));
  }

  say(line: () => string): void {
    this.trace(`${String(this.timeline.now).padStart(7)} ${line()}`);
  }

  endFaults(): void {
    this.calm = true;
    this.peer.faults = CALM;
  }

  hasEnded(): boolean {
    return this.#planned === 0 && [...this.store.runs.values()].every((run) => ['succeeded', 'failed', 'cancelled'].includes(run.state));
  }

  /** Runs of one to five steps, which begin by and by; each step needs up to two of those before it. */
  #planRuns(): void {
    const { random, store, timeline } = this;
    const runs = random.between(3, 10);
    for (let r = 1; r <= runs; r++) {
      const steps: Array<Pick<ModelStep, 'id' | 'key' | 'uses' | 'needs' | 'maxAttempts'>> = [];
      const length = random.between(1, 5);
      for (let s = 1; s <= length; s++) {
        const id = `run-${r}.s${s}`;
        const kind: StepKind = { does: random.pick(['read', 'write', 'write', 'keyed', 'blind']), approval: random.chance(0.15) };
        this.#kinds.set(id, kind);
        const needs = s === 1 ? [] : random.distinct(random.between(0, 2), s - 1).map((n) => `s${n + 1}`);
        steps.push({ id, key: `s${s}`, uses: `model/${kind.does}`, needs, maxAttempts: this.settings.retry.max_attempts });
      }
      this.#planned += 1;
      timeline.after(random.below(ARRIVALS_MS), null, () => {
        this.#planned -= 1;
        store.addRun(`run-${r}`, steps, timeline.now);
        this.onRun(`run-${r}`);
      });
    }
  }
}
