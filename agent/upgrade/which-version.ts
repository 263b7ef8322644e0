import type { UpgradeErrorCode } from './errors.ts';
import { isOlder } from './version-order.ts';
import type { VersionsState } from './versions-folder.ts';

export interface Started {
  /** The file that runs now, and what it calls itself. */
  readonly file: string;
  readonly version: string;
}

/** `start`: the file to become instead, null where this one is right. */
export interface Choice {
  readonly state: VersionsState;
  readonly start: string | null;
}

/** Starts that end without having shown that the release works: a second one may have been the machine's, a fourth is the release's. */
const MOST_STARTS = 3;

/**
 * Which version is to run, as an agent starts: the newest that it was given, unless that has not come to work, or a newer one was installed by hand
 * meanwhile. Decides and does nothing.
 *
 * @param fileOf where a version is
 */
export function whichVersion(state: VersionsState, { file, version }: Started, fileOf: (version: { readonly sha256: string }) => string): Choice {
  const { current, previous, probation } = state;
  const isOurs = [current, previous].some((one) => one !== null && fileOf(one) === file);
  const known = isOurs ? state : { ...state, installed: file };
  if (current === null) return { state: known, start: isOurs && state.installed !== null ? state.installed : null };
  // Whoever installs by hand has the last word, if it is not what was there before.
  if (!isOurs && isOlder(current.version, version)) return { state: { ...known, current: null, previous: null, probation: null }, start: null };
  if (fileOf(current) === file) return { state: known, start: null };
  if (probation !== null && probation.starts >= MOST_STARTS) {
    const back = backToPrevious(known, 'did_not_start');
    return { state: back, start: previous === null ? otherThan(file, back.installed) : otherThan(file, fileOf(previous)) };
  }
  return { state: probation === null ? known : { ...known, probation: { starts: probation.starts + 1 } }, start: fileOf(current) };
}

/** The one before runs again, and the cell is told why. */
export function backToPrevious(state: VersionsState, code: UpgradeErrorCode): VersionsState {
  const { current, previous } = state;
  return { ...state, current: previous, previous: null, probation: null, told: current === null ? state.told : { ...current, state: 'failed', code } };
}

function otherThan(file: string, wanted: string | null): string | null {
  return wanted === file ? null : wanted;
}
