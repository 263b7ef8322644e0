import type { Flaw } from './flaws.ts';
import { BrokenInvariantError } from './store-model.ts';
import { WorkerModel } from './worker-model.ts';
import { World } from './world.ts';

/** What a seed came to. `digest` is of everything that happened, so that a seed that is run again can be seen to be the same. */
export interface Simulated {
  readonly seed: number;
  readonly broken: string | null;
  readonly events: number;
  readonly virtual_ms: number;
  readonly claims: number;
  readonly effects: number;
  readonly takeovers: number;
  readonly digest: string;
}

/** Faults happen for so long; then everything has this long to end. */
const STORM_MS = 30_000;
const CALM_MS = 1_200_000;
const SLICE_MS = 2_000;
const CRASH_EVERY_MS = 2_500;
const PERSON_MS = 8_000;
const CANCELLED_WITHIN_MS = 6_000;
/** Nobody asks for anything after so long. */
const CLOSING_MS = STORM_MS + 120_000;

/** Runs one seed from beginning to end in virtual time. @param trace told of what happens, line by line */
export function simulate(seed: number, flaws: ReadonlySet<Flaw> = new Set(), trace: (line: string) => void = () => undefined): Simulated {
  let events = 0;
  let digest = 0x811c9dc5;
  const world = new World(seed, flaws, (line) => {
    for (let i = 0; i < line.length; i++) digest = Math.imul(digest ^ line.charCodeAt(i), 0x01000193);
    trace(line);
  });
  const cell = new CellModel(world);
  cell.open();
  const seen = (): void => { events += 1; };
  let broken: string | null = null;
  try {
    world.timeline.runUntil(STORM_MS, seen);
    cell.calmDown();
    while (world.timeline.now < STORM_MS + CALM_MS && !(world.hasEnded() && cell.isQuiet())) world.timeline.runUntil(world.timeline.now + SLICE_MS, seen);
    cell.close();
    // What was sent may still arrive.
    world.timeline.runUntil(world.timeline.now + 2 * world.settings.timeoutMs, seen);
    world.monitor.finally(world.peer.applied);
  } catch (error) {
    if (!(error instanceof BrokenInvariantError)) throw error;
    broken = error.message;
    world.say(() => `BROKEN ${error.message}`);
  }
  return {
    seed, broken, events, virtual_ms: world.timeline.now, claims: world.store.leases.length, effects: world.peer.applied.size,
    takeovers: world.store.leases.filter(({ state }) => state === 'expired').length, digest: (digest >>> 0).toString(16).padStart(8, '0'),
  };
}

/** The cell around the workers: hints between them, what befalls them, and people. */
class CellModel {
  readonly #world: World;
  readonly #workers: WorkerModel[] = [];
  #count = 0;
  #closed = false;

  constructor(world: World) {
    this.#world = world;
  }

  open(): void {
    for (let i = 0; i < this.#world.settings.workers; i++) this.#startWorker();
    this.#befall();
    this.#people();
  }

  /** From now on nothing goes wrong any more, and somebody is there to work. */
  calmDown(): void {
    this.#world.endFaults();
    if (this.#living().length === 0) this.#startWorker();
  }

  /** Nobody has asked for anything that is not done. */
  isQuiet(): boolean {
    return this.#world.commands.every(({ done }) => done);
  }

  /** From now on nobody asks for anything. */
  close(): void {
    this.#closed = true;
  }

  #living(): WorkerModel[] {
    return this.#workers.filter((worker) => !worker.gone && !worker.draining);
  }

  #startWorker(name = `w${this.#count += 1}`): void {
    const worker = new WorkerModel(this.#world, name, (runId) => this.#tell(runId));
    this.#workers.push(worker);
    worker.start();
  }

  /** A hint after a commit: nothing depends on it. */
  #tell(runId: string): void {
    const { random, settings, timeline } = this.#world;
    const living = this.#living();
    if (settings.wake === 'broadcast') {
      for (const worker of living) if (!random.chance(settings.hintLost)) timeline.after(random.between(1, 20), worker, () => worker.wake(null));
      return;
    }
    const copies = random.chance(settings.hintLost) ? 0 : random.chance(0.3) ? 2 : 1;
    for (let copy = 0; copy < copies && living.length > 0; copy++) {
      const worker = random.pick(living);
      timeline.after(random.chance(0.1) ? random.between(1_000, 8_000) : random.between(1, 60), worker, () => worker.wake(runId));
    }
  }

  /** Kills, stops and drains workers now and then; a killed one comes back, under its name or another. */
  #befall(): void {
    const { timeline, random, settings } = this.#world;
    timeline.after(random.between(100, CRASH_EVERY_MS), null, () => {
      if (this.#world.calm) return;
      const living = this.#living();
      if (living.length > 0) {
        const worker = random.pick(living);
        const what = random.pick(['kill', 'kill', 'stop', 'stop', 'stop', 'drain'] as const);
        this.#world.say(() => `${what} ${worker.name}`);
        if (what === 'kill') worker.gone = true;
        if (what === 'drain') worker.drain();
        if (what === 'stop') worker.stoppedUntil = timeline.now + random.between(50, settings.leaseMs * 3);
        if (what !== 'stop') {
          // An own name is taken again only once its process is gone.
          const again = what === 'kill' && random.chance(0.5) ? worker.name : undefined;
          timeline.after(random.between(50, 2_500), null, () => this.#startWorker(again));
        }
      }
      this.#befall();
    });
  }

  /** People vote, answer what became of an effect, cancel, and redrive what failed, each in their own time. */
  #people(): void {
    const { timeline, random, store, commands } = this.#world;
    const asked = new Set<string>();
    const redriven = new Map<string, number>();
    this.#world.onRun = (run) => {
      this.#tell(run);
      if (random.chance(0.15)) timeline.after(random.below(CANCELLED_WITHIN_MS), null, () => commands.push({ id: `cancel-${run}`, runId: run, kind: 'cancel', done: false }));
    };
    const look = (): void => {
      for (const approval of store.approvals) if (approval.state === 'pending' && random.chance(0.6)) approval.state = random.chance(0.9) ? 'approved' : 'rejected';
      for (const step of store.steps.values()) {
        const question = questionOf(step.error);
        if (step.state !== 'uncertain' || question === null || asked.has(question)) continue;
        asked.add(question);
        timeline.after(this.#world.settings.timeoutMs + random.between(500, PERSON_MS), null, () => { asked.delete(question); this.#answer(question); });
      }
      for (const run of store.runs.values()) {
        const times = redriven.get(run.id) ?? 0;
        if (run.state !== 'failed' || times >= 2 || this.#closed || !random.chance(0.3) || commands.some(({ runId, done }) => runId === run.id && !done)) continue;
        redriven.set(run.id, times + 1);
        commands.push({ id: `redrive-${run.id}-${times + 1}`, runId: run.id, kind: 'redrive', done: false });
      }
      if (timeline.now < CLOSING_MS) timeline.after(random.between(300, 1_500), null, look);
    };
    look();
  }

  /** A person looks at the record and says what is there; the step goes on at once. */
  #answer(callId: string): void {
    const { store, peer, timeline } = this.#world;
    const call = store.calls.find(({ id }) => id === callId)!;
    const step = store.steps.get(call.stepId)!;
    if (step.state !== 'uncertain' || (call.state !== 'uncertain' && call.state !== 'intended')) return;
    call.state = peer.applied.has(step.id) ? 'succeeded' : 'failed';
    step.availableAt = timeline.now;
    this.#world.say(() => `a person says of ${callId}: ${call.state}`);
    this.#tell(step.runId);
  }
}

function questionOf(error: { readonly data?: unknown } | null): string | null {
  const data = error?.data;
  return typeof data === 'object' && data !== null && 'question_of_call' in data ? String(data.question_of_call) : null;
}
