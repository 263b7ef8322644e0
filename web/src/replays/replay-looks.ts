import { IconAlertTriangle, IconBan, IconCheck, IconCircleDashed, IconLoader2 } from '@tabler/icons-react';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { StateLook } from '../parts/state-look.ts';

type State = components['schemas']['PolicyReplay']['state'];

export const REPLAY_LOOKS: Record<State, StateLook> = {
  queued: { tone: 'idle', icon: IconCircleDashed, meaning: 'Waits for the one before: a tenant has one at a time' },
  running: { tone: 'run', icon: IconLoader2, meaning: 'Every recorded question is asked again' },
  succeeded: { tone: 'ok', icon: IconCheck, meaning: 'Its report is there' },
  failed: { tone: 'bad', icon: IconAlertTriangle, meaning: 'It could not be done' },
  cancelled: { tone: 'idle', icon: IconBan, meaning: 'Stopped by a person' },
};
