/** One queue: what waits of a workspace. */
export interface QueuePlace {
  readonly tenant_id: string;
  readonly workspace_id: string;
}

/** How much of one claim a queue was given, at one priority. */
export interface GivenShare extends QueuePlace {
  readonly priority: number;
  readonly given: number;
  readonly tenant_weight: number;
  readonly workspace_weight: number;
}

/** What a claim is told of the claims before it. */
export interface FairState {
  readonly from: QueuePlace;
  readonly virtualTime: number;
  readonly tenants: Tags;
  readonly workspaces: { readonly virtualTimes: ReadonlyMap<string, number>; readonly tags: Tags };
}

/** Id -> the moment of virtual time at which what it was given last is used up. */
type Tags = ReadonlyMap<string, number>;

/** So many queues are looked at by one claim; where there are more, the next claim goes on behind them. */
export const MAX_QUEUES = 256;

/** Before the first. */
const START: QueuePlace = { tenant_id: '', workspace_id: '' };

/**
 * Whose turn it is, over the claims of one worker: start-time fair queueing (Goyal, Vin, Cheng 1996), between tenants and again between the
 * workspaces of each. Whoever waits is given steps in the order of virtual time, which passes more slowly for those with more weight. Who
 * was idle begins at the present, so that nobody saves up turns and a fresh run is in the very next claim, whatever waits beside it.
 *
 * It is a matter of this worker alone: workers that each are fair are fair together, and what is lost with a worker is only whose turn it was.
 */
export class FairShares {
  #from = START;
  readonly #tenants = new Level();
  /** By tenant. */
  readonly #workspaces = new Map<string, Level>();

  get state(): FairState {
    const tags = new Map([...this.#workspaces.values()].flatMap((level) => [...level.tags]));
    const virtualTimes = new Map([...this.#workspaces].map(([tenantId, level]) => [tenantId, level.now]));
    return { from: this.#from, virtualTime: this.#tenants.now, tenants: this.#tenants.tags, workspaces: { virtualTimes, tags } };
  }

  /**
   * What a claim gave. It counts even where nothing could be taken of it: somebody else had it, and the turn goes on.
   * `end`: the last queue that was looked at, of how many.
   */
  gave(shares: readonly GivenShare[], end: { readonly place: QueuePlace | null; readonly queues: number }): void {
    const tenants = Map.groupBy(shares, (share) => share.tenant_id);
    this.#tenants.gave([...tenants].map(([id, own]) => ({ id, given: sum(own), weight: own[0]!.tenant_weight })));
    for (const [tenantId, own] of tenants) {
      const level = this.#workspaces.get(tenantId) ?? new Level();
      level.gave([...Map.groupBy(own, (share) => share.workspace_id)].map(([id, queues]) => ({ id, given: sum(queues), weight: queues[0]!.workspace_weight })));
      remember(this.#workspaces, tenantId, level);
    }
    this.#from = end.place !== null && end.queues >= MAX_QUEUES ? end.place : START;
  }
}

/** Tenants, or the workspaces of one. */
class Level {
  /** Virtual time: where the last that was given began. */
  now = 0;
  readonly tags = new Map<string, number>();

  gave(shares: ReadonlyArray<{ readonly id: string; readonly given: number; readonly weight: number }>): void {
    const before = this.now;
    for (const { id, given, weight } of shares) {
      const began = Math.max(this.tags.get(id) ?? 0, before);
      this.now = Math.max(this.now, began + (given - 1) / weight);
      remember(this.tags, id, began + given / weight);
    }
    // Whoever is not ahead is where a newcomer begins.
    for (const [id, tag] of this.tags) if (tag <= this.now) this.tags.delete(id);
  }
}

/** What was given the longest time ago is forgotten first: it is the least that can be got wrong. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest);
}

const MAX_REMEMBERED = 512;

function sum(shares: readonly GivenShare[]): number {
  return shares.reduce((total, share) => total + share.given, 0);
}
