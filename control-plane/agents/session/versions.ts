import { SUPPORTED_PROTOCOLS } from '@countersign/contracts/agent/protocol.ts';
import { ApiError } from '@countersign/platform/http/api-error.ts';

/** Agents may be as many minor versions older than their cell. */
const MINORS_BEHIND = 2;
/** Somebody has to replace it first. */
const ASK_AGAIN_S = 60;

/** Whether this cell still works with an agent of that version; one that is newer than the cell is. Versions as `0.4.1`; anything else is too old to tell. */
export function isTooOld(agent: string, cell: string): boolean {
  const [own, theirs] = [partsOf(cell), partsOf(agent)];
  if (own === undefined || theirs === undefined) return own !== undefined;
  return theirs.major < own.major || (theirs.major === own.major && theirs.minor < own.minor - MINORS_BEHIND);
}

/** @throws ApiError `protocol_unsupported`, `agent_too_old` */
export function assertSpoken({ protocol, version }: { readonly protocol: number; readonly version: string }, cell: string): void {
  if (!SUPPORTED_PROTOCOLS.includes(protocol)) {
    throw new ApiError('protocol_unsupported', `This cell speaks the protocol ${SUPPORTED_PROTOCOLS.join(', ')}, and the agent speaks ${protocol}.`, { retryAfter_s: ASK_AGAIN_S });
  }
  if (isTooOld(version, cell)) {
    throw new ApiError('agent_too_old', `The agent is ${version}, and this cell, which is ${cell}, works with agents that are at most ${MINORS_BEHIND} minor versions older.`, { retryAfter_s: ASK_AGAIN_S });
  }
}

function partsOf(version: string): { readonly major: number; readonly minor: number } | undefined {
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})\.\d/.exec(version) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}
