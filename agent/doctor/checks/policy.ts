import { readRefusal } from '../../session/read-answer.ts';
import { ill, noWay, unseen, well } from '../finding.ts';
import type { Examined, Seen } from '../finding.ts';

/** Whether there is a policy to decide by: that of the agent that runs, else whether the cell serves one. */
export function policy(examined: Examined): Seen {
  const { running, way, enrolment } = examined;
  const environment = 'identity' in enrolment ? enrolment.identity.environment.name : 'the environment';
  const release = `Release a policy in ${environment} (console: Policies, or countersign policy publish). Until then everything is denied.`;
  const answer = way?.answer ?? null;
  if (answer?.status === 404) return ill(`the cell serves no policy for ${environment}`, release);
  const held = running?.policy.find(({ state }) => state !== 'fresh') ?? running?.policy[0];
  if (held !== undefined && held.state !== 'fresh') {
    const which = held.seq === null ? 'none' : `number ${held.seq}, which is ${held.state}`;
    const found = `the agent that runs holds ${which}: everything is denied`;
    const isForWantOfTheCell = held.state !== 'invalid' && typeof way?.brokenAt === 'string';
    if (isForWantOfTheCell) return { ok: null, found: `${found} until the way to the cell is open, which ends at ${way.brokenAt}`, fix: null };
    return ill(found, FIXES[held.state](release));
  }
  if (held !== undefined) return well(`number ${held.seq} decides until ${held.expires_at} without the cell`);
  if (answer === null) return unseen(way === null ? noWay(examined) : `the way to the cell ends at ${way.brokenAt}`);
  if (answer.status === 401 || answer.status === 403) return unseen('the cell does not take the certificate');
  if (answer.status === 200 || answer.status === 304) return well(`the cell serves one for ${environment}; no agent runs here that holds it`);
  return ill(`the cell did not give it: ${readRefusal(answer).message}`, 'Try again; where it stays so, the log of the cell says why.');
}

const FIXES = {
  stale: () => 'The cell has not confirmed it for longer than policy.ttl_s: see to the way to the cell, and it decides again.',
  missing: (release: string) => `See to the way to the cell; where that is well: ${release}`,
  invalid: () => 'What the cell serves is signed by no key that this agent believes, older than what it had, or of another tenant. '
    + 'Look at its log and at the keys of the cell; do not enrol again before you know why.',
} as const;
