import type { UpgradeOffer, UpgradeTold } from '@countersign/contracts/agent/protocol.ts';
import type { Logger } from '@countersign/platform/log/logger.ts';
import { UpgradeError } from './errors.ts';
import { fetchRelease } from './fetch-release.ts';
import type { AskCell } from './fetch-release.ts';
import { selfTestOf } from './start.ts';
import { verifyRelease } from './verify-release.ts';
import type { ReleaseTrust } from './verify-release.ts';
import type { VersionsFolder, VersionsState } from './versions-folder.ts';
import { backToPrevious } from './which-version.ts';

export interface UpgradesParts {
  readonly folder: VersionsFolder;
  readonly trust: ReleaseTrust;
  /** SHA-256 of the file that runs; null: it runs from its source, and is never replaced. */
  readonly running: string | null;
  readonly ask: AskCell;
  /** Another version is to run: the agent ends what is under way, stops and calls `runNewest`. */
  readonly onSwitch: () => void;
  readonly log: Logger;
  /** Of a version that has just been started. */
  readonly probation_ms?: number;
  /** In place of starting the new file to look. */
  readonly selfTest?: (file: string, version: string) => Promise<void>;
}

/** So many polls must have been answered before a new version is believed to work, in this time from its start. */
const GOOD_POLLS = 3;
const PROBATION_MS = 120_000;

/**
 * Runs the release that the cell offers, after it was verified: signature before a byte of it is here, digest before it has its name, a start of its own before
 * it takes over. A version that does not reach the cell in its first two minutes gives way to the one before.
 */
export class Upgrades {
  readonly #parts: UpgradesParts;
  #state: VersionsState;
  #goodPolls = 0;
  #probation: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | null = null;
  /** What failed is tried again only when it was withdrawn and is offered once more. */
  #refused: string | null;
  #lastTold: UpgradeTold | null = null;
  /** As the cell last said. */
  #offered: string | null = null;
  #isSwitching = false;

  private constructor(parts: UpgradesParts, state: VersionsState) {
    this.#parts = parts;
    this.#state = state;
    this.#refused = state.told?.state === 'failed' ? state.told.sha256 : null;
  }

  static async start(parts: UpgradesParts): Promise<Upgrades> {
    const upgrades = new Upgrades(parts, await parts.folder.read());
    upgrades.#beginProbation();
    return upgrades;
  }

  /** For the next poll. */
  told(): UpgradeTold | undefined {
    this.#lastTold = this.#state.told;
    return this.#lastTold ?? undefined;
  }

  /** The cell has answered a poll, and said what this agent is to run. */
  heard(offer: UpgradeOffer | null | undefined): void {
    if (this.#state.probation !== null) this.#countPoll();
    this.#offered = offer?.sha256 ?? null;
    if (offer === null || offer === undefined) return this.#withdrawn();
    if (offer.sha256 === this.#parts.running && this.#state.probation === null) this.#state = { ...this.#state, told: { version: offer.version, sha256: offer.sha256, state: 'well', code: null } };
    const isTaken = offer.sha256 === this.#refused || offer.sha256 === this.#parts.running || this.#isSwitching;
    if (isTaken || this.#underWay !== null || this.#parts.running === null) return;
    this.#underWay = this.#upgrade(offer).catch((error: unknown) => this.#failed(offer, error)).finally(() => {
      this.#underWay = null;
    });
  }

  /** Resolves when nothing is being fetched or tried. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  stop(): void {
    clearTimeout(this.#probation);
    this.#isSwitching = true;
  }

  /** The cell knows that it failed, and offers it no more: what it offers from now on is another attempt. */
  #withdrawn(): void {
    this.#refused = null;
    if (this.#lastTold?.state === 'failed' && this.#state.told?.state === 'failed') this.#state = { ...this.#state, told: null };
  }

  async #upgrade(offer: UpgradeOffer): Promise<void> {
    const { folder, trust, ask, selfTest = selfTestOf, log } = this.#parts;
    const release = verifyRelease(offer, trust);
    const told = { version: release.version, sha256: release.sha256, code: null };
    log.info(told, 'A release was offered, and is signed by whom it must be: it is fetched');
    await this.#save({ ...this.#state, told: { ...told, state: 'fetching' } });
    const file = await fetchRelease(ask, release, folder);
    await selfTest(file, release.version);
    const { version, sha256 } = release;
    if (this.#isSwitching) return;
    if (this.#offered !== sha256) throw new UpgradeError('release_withdrawn', 'The cell offers the release no more.');
    await this.#save({ ...this.#state, previous: this.#state.current, current: { version, sha256 }, probation: { starts: 0 }, told: { ...told, state: 'waiting' } });
    log.info(told, 'The release is here, whole, and can be started: it takes over when what is under way has ended');
    this.#switch();
  }

  #beginProbation(): void {
    const { probation, current } = this.#state;
    if (probation === null || current === null || current.sha256 !== this.#parts.running) return;
    this.#state = { ...this.#state, told: { ...current, state: 'probation', code: null } };
    this.#probation = setTimeout(() => void this.#giveUp(), this.#parts.probation_ms ?? PROBATION_MS).unref();
  }

  #countPoll(): void {
    this.#goodPolls += 1;
    const { current } = this.#state;
    if (this.#goodPolls !== GOOD_POLLS || current === null || current.sha256 !== this.#parts.running) return;
    clearTimeout(this.#probation);
    this.#parts.log.info(current, 'The new version works');
    this.#state = { ...this.#state, probation: null, told: { ...current, state: 'well', code: null } };
    const { folder, log } = this.#parts;
    // What cannot be written down is shown again by the next start.
    void folder.write(this.#state).then(() => folder.tidy(this.#state)).catch((error: unknown) => log.warn({ err: error }, 'That the new version works could not be written down'));
  }

  async #giveUp(): Promise<void> {
    this.#parts.log.error(this.#state.current, 'The new version did not reach the cell in time: the one before takes over again');
    await this.#save(backToPrevious(this.#state, 'not_well'));
    this.#switch();
  }

  #switch(): void {
    this.#isSwitching = true;
    this.#parts.onSwitch();
  }

  async #failed({ version, sha256 }: UpgradeOffer, error: unknown): Promise<void> {
    // A connection that broke off is no fault of the release: it is offered with every poll.
    if (!(error instanceof UpgradeError)) return this.#parts.log.warn({ err: error, version }, 'The release could not be fetched; it is tried again');
    if (error.code === 'release_withdrawn') {
      this.#state = { ...this.#state, told: null };
      return this.#parts.log.info({ version, sha256 }, error.message);
    }
    this.#refused = sha256;
    this.#parts.log.error({ err: error, version, sha256 }, 'The release is not run');
    await this.#save({ ...this.#state, told: { version, sha256, state: 'failed', code: error.code } }).catch((cause: unknown) => this.#parts.log.warn({ err: cause }, 'Why the release is not run could not be written down'));
  }

  async #save(state: VersionsState): Promise<void> {
    await this.#parts.folder.write(state);
    this.#state = state;
  }
}
