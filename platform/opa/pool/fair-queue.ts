import type { Job, Owner } from './job.ts';

/**
 * What waits for a thread. The owner who has had the least time goes first, so that one who asks much, or whose policy is slow, does not
 * keep the others waiting. Whoever begins to wait starts where the queue is: time not used is not saved up. (Start-time fair queueing,
 * Goyal, Vin and Cheng, 1996.)
 */
export class FairQueue {
  readonly #waiting = new Map<Owner, Job[]>();
  #now_ms = 0;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  push(job: Job): void {
    this.#jobsOf(job.owner).push(job);
  }

  /** What was taken from the queue and not done goes before what came later. */
  pushBack(jobs: readonly Job[]): void {
    for (const job of jobs.toReversed()) this.#jobsOf(job.owner).unshift(job);
  }

  /** Of those whom `isHeld` does not say to pass over. */
  next(isHeld: (owner: Owner) => boolean): Job | undefined {
    const owner = this.#leastServed(isHeld);
    const jobs = owner === undefined ? undefined : this.#waiting.get(owner);
    const job = jobs?.shift();
    if (owner === undefined || jobs === undefined || job === undefined) return undefined;
    if (jobs.length === 0) this.#waiting.delete(owner);
    this.#now_ms = owner.served_ms;
    owner.served_ms += owner.cost_ms;
    return job;
  }

  /** Takes out whatever of `owner` waits. */
  takeAll(owner: Owner): Job[] {
    const jobs = this.#waiting.get(owner) ?? [];
    this.#waiting.delete(owner);
    return jobs;
  }

  /** Takes out what `isOver` says. */
  takeWhere(isOver: (job: Job) => boolean): Job[] {
    return [...this.#waiting.keys()].flatMap((owner) => {
      const jobs = this.takeAll(owner);
      const taken = jobs.filter(isOver);
      const left = jobs.filter((job) => !taken.includes(job));
      if (left.length > 0) this.#waiting.set(owner, left);
      return taken;
    });
  }

  #jobsOf(owner: Owner): Job[] {
    let jobs = this.#waiting.get(owner);
    if (jobs === undefined) {
      jobs = [];
      this.#waiting.set(owner, jobs);
      owner.served_ms = Math.max(owner.served_ms, this.#now_ms);
    }
    return jobs;
  }

  #leastServed(isHeld: (owner: Owner) => boolean): Owner | undefined {
    let least: Owner | undefined;
    for (const owner of this.#waiting.keys()) {
      if ((least === undefined || owner.served_ms < least.served_ms) && !isHeld(owner)) least = owner;
    }
    return least;
  }
}
