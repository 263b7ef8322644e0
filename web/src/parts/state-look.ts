import {
  IconAlertTriangle, IconBan, IconCheck, IconCircleDashed, IconCircleDotted, IconClockHour4, IconClockPause, IconClockX, IconHelpHexagon, IconHourglass, IconLoader2,
  IconLock, IconPlayerPause, IconPlayerPlay, IconRepeat, IconRosetteDiscountCheck, IconSkull, IconArrowForwardUp, IconUserQuestion, IconX, type Icon,
} from '@tabler/icons-react';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';

type Schemas = components['schemas'];
export type Tone = 'ok' | 'wait' | 'bad' | 'run' | 'idle';

/** How a state looks: never by colour alone, always with its word and an icon of its own. */
export interface StateLook {
  tone: Tone;
  icon: Icon;
  /** What the state means, for the tooltip. */
  meaning: string;
}

export const RUN_LOOKS: Record<Schemas['RunState'], StateLook> = {
  queued: { tone: 'idle', icon: IconCircleDashed, meaning: 'Durable; no worker has claimed a step yet' },
  running: { tone: 'run', icon: IconLoader2, meaning: 'A worker is at it' },
  waiting: { tone: 'wait', icon: IconUserQuestion, meaning: 'Waits for a person, for time, or for a run that it started' },
  cancelling: { tone: 'wait', icon: IconHourglass, meaning: 'Cancelled; steps in flight are ending' },
  succeeded: { tone: 'ok', icon: IconCheck, meaning: 'Every step succeeded or was skipped' },
  failed: { tone: 'bad', icon: IconAlertTriangle, meaning: 'A step failed and nothing else can go on' },
  cancelled: { tone: 'idle', icon: IconBan, meaning: 'Ended by a person' },
};

/** No state of its own: a run keeps its state while it is paused. */
export const PAUSED_LOOK: StateLook = { tone: 'wait', icon: IconPlayerPause, meaning: 'Nothing new begins in it until a person resumes it' };

/** Of a schedule, which has no states but these. */
export const ACTIVE_LOOK: StateLook = { tone: 'ok', icon: IconPlayerPlay, meaning: 'It runs when it is due' };
export const INACTIVE_LOOK: StateLook = { tone: 'idle', icon: IconBan, meaning: 'No version of its workflow is active there' };

export const STEP_LOOKS: Record<Schemas['StepState'], StateLook> = {
  blocked: { tone: 'idle', icon: IconLock, meaning: 'Waits for the steps it needs' },
  ready: { tone: 'idle', icon: IconCircleDotted, meaning: 'Waits for a worker' },
  leased: { tone: 'run', icon: IconLoader2, meaning: 'A worker is at it' },
  waiting: { tone: 'wait', icon: IconClockPause, meaning: 'A person must decide first, or it waits for time, its items or a run that it started' },
  retrying: { tone: 'wait', icon: IconRepeat, meaning: 'A passing fault; it is tried again' },
  uncertain: { tone: 'wait', icon: IconHelpHexagon, meaning: 'An effect was sent and its outcome is not known yet' },
  succeeded: { tone: 'ok', icon: IconCheck, meaning: 'Its outcome is committed' },
  failed: { tone: 'bad', icon: IconX, meaning: 'It was refused' },
  skipped: { tone: 'idle', icon: IconArrowForwardUp, meaning: 'Its condition was false' },
  cancelled: { tone: 'idle', icon: IconBan, meaning: 'The run was cancelled' },
  dead: { tone: 'bad', icon: IconSkull, meaning: 'Attempts are exhausted, or the error is permanent' },
};

export const APPROVAL_LOOKS: Record<Schemas['ApprovalState'], StateLook> = {
  pending: { tone: 'wait', icon: IconUserQuestion, meaning: 'Waits for votes' },
  approved: { tone: 'ok', icon: IconCheck, meaning: 'Approved; not used yet' },
  rejected: { tone: 'bad', icon: IconX, meaning: 'A person voted against it' },
  answered: { tone: 'ok', icon: IconCheck, meaning: 'A person said what became of it' },
  expired: { tone: 'bad', icon: IconClockX, meaning: 'Nobody decided in time; expiry denies' },
  withdrawn: { tone: 'idle', icon: IconBan, meaning: 'The run was cancelled, or what it was about changed' },
  consumed: { tone: 'ok', icon: IconRosetteDiscountCheck, meaning: 'Used once, for exactly this action' },
};

export const CALL_LOOKS: Record<Schemas['ToolCall']['state'], StateLook> = {
  intended: { tone: 'run', icon: IconPlayerPlay, meaning: 'Its intent is written; the outcome is not known yet' },
  succeeded: { tone: 'ok', icon: IconCheck, meaning: 'The peer confirmed it' },
  failed: { tone: 'bad', icon: IconX, meaning: 'The peer refused, or it never left' },
  uncertain: { tone: 'wait', icon: IconHelpHexagon, meaning: 'It may have arrived; the system of record is asked before anything is retried' },
};

export const OUTCOME_LOOKS: Record<Schemas['Decision']['outcome'], StateLook> = {
  ALLOW: { tone: 'ok', icon: IconCheck, meaning: 'Policy allows it' },
  DENY: { tone: 'bad', icon: IconBan, meaning: 'Policy denies it; nothing was sent' },
  REQUIRE_HITL: { tone: 'wait', icon: IconUserQuestion, meaning: 'Policy asks for a person' },
  REQUIRE_STEP_UP: { tone: 'wait', icon: IconLock, meaning: 'Policy asks for a person with a stronger sign-in' },
  THROTTLE: { tone: 'wait', icon: IconClockHour4, meaning: 'Policy says not now' },
  ROUTE: { tone: 'run', icon: IconArrowForwardUp, meaning: 'Policy sends it another way' },
};
