import { IconAlertTriangle, IconBan, IconCertificateOff, IconCheck, IconClockHour4, IconCloudOff, IconHelpHexagon, IconPlayerPause } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import type { StateLook } from '../parts/state-look.ts';

export type Agent = Schemas['Agent'];
export type AgentAlarm = Schemas['AgentAlarm'];
type Presence = NonNullable<Agent['presence']>;
type Look = StateLook & { readonly word: string };

/** Whether work can be given to it, and when not, why: what weighs most first. */
export function agentLook({ state, certificate_expires_at, presence }: Pick<Agent, 'state' | 'certificate_expires_at' | 'presence'>, now_ms: number): Look {
  if (state === 'revoked') return { word: 'revoked', tone: 'idle', icon: IconBan, meaning: 'It is trusted no more. The machine enrols as another agent' };
  if (Date.parse(certificate_expires_at) <= now_ms) return { word: 'expired', tone: 'bad', icon: IconCertificateOff, meaning: 'Its certificate has ended without being renewed: enrol the machine again, and it goes on where it stopped' };
  if (presence === null) return { word: 'never heard of', tone: 'wait', icon: IconHelpHexagon, meaning: 'It enrolled and has not asked for work yet: start countersign-agent run there' };
  if (presence.is_lost) return { word: 'lost', tone: 'bad', icon: IconCloudOff, meaning: 'Not heard of for 15 seconds: it is given no work. What it has it goes on with, and tells when it is back' };
  if (state === 'draining' || presence.draining) return { word: 'draining', tone: 'wait', icon: IconPlayerPause, meaning: 'It takes no more work, ends what it has and delivers' };
  return { word: 'active', tone: 'ok', icon: IconCheck, meaning: 'It asks for work' };
}

/** Whether it can decide by the policy that it holds. */
export function policyLook(policy: Presence['policy']): Look {
  if (policy === null || policy.state === 'missing') return { word: 'none', tone: 'bad', icon: IconBan, meaning: 'It holds no policy of its environment, so it denies everything' };
  if (policy.state === 'stale') return { word: 'stale', tone: 'bad', icon: IconClockHour4, meaning: 'It has not heard for too long that its policy is still the one: it denies everything' };
  if (policy.state === 'invalid') return { word: 'refused', tone: 'bad', icon: IconAlertTriangle, meaning: 'What it was served does not hold: a signature, a tenant or an order that is not right' };
  if (policy.served_seq !== null && policy.seq !== null && policy.seq < policy.served_seq) return { word: 'behind', tone: 'wait', icon: IconClockHour4, meaning: 'There is a newer one than it holds: orders that were decided by that one are not taken until it has it' };
  return { word: 'fresh', tone: 'ok', icon: IconCheck, meaning: 'It holds what is in force, and decides by it beside the cell' };
}

/** Whether it could lose something if the cell stayed away. */
export function spoolLook({ state, waiting }: Presence['spool']): Look {
  if (state === 'damaged') return { word: 'damaged', tone: 'bad', icon: IconAlertTriangle, meaning: 'What is on its disk is not what it wrote: it takes no work. Run countersign-agent doctor there' };
  if (state === 'full') return { word: 'full', tone: 'bad', icon: IconAlertTriangle, meaning: 'It takes no new work until what waits is delivered, and drops nothing' };
  if (waiting > 0) return { word: `${waiting.toLocaleString('en')} waiting`, tone: 'wait', icon: IconClockHour4, meaning: 'Entries on its disk that the cell does not have yet' };
  return { word: 'delivered', tone: 'ok', icon: IconCheck, meaning: 'The cell has all that it had to tell' };
}

/** Why it is in its state: what a person wrote, or what the cell did it for. */
export function reasonInWords(reason: string): string {
  if (reason === 'token_reused') return 'The cell drained it: its token was used a second time';
  if (reason === 'spool_forked' || reason === 'spool_gap') return 'The cell drained it: what it delivers does not continue what it delivered before';
  return reason;
}

const ALARMS: Record<AgentAlarm['kind'], string> = {
  token_reused: 'The token that enrolled it was used a second time: somebody else has had it, and it is not known who of the two this is.',
  order_refused: 'It was sent an order that an honest cell does not send, and refused it.',
  policy_refused: 'It was served policy that does not hold, and refused it.',
  spool_forked: 'What it tells now is not what it told before: its disk was restored, copied or changed.',
  spool_gap: 'Entries that it had written were never delivered and are not on its disk any more.',
};

/** What has happened, in a sentence. */
export function alarmInWords({ kind, code, count }: Pick<AgentAlarm, 'kind' | 'code' | 'count'>): string {
  const times = count === 1 ? '' : ` (${count} times)`;
  return `${ALARMS[kind]}${code === kind ? '' : ` ${code}.`}${times}`;
}
