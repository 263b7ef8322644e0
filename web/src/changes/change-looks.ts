import { IconAlertTriangle, IconArrowBackUp, IconCheck, IconClockX, IconHourglass, IconUserCheck, IconX } from '@tabler/icons-react';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { StateLook } from '../parts/state-look.ts';

export const CHANGE_LOOKS: Record<components['schemas']['ChangeRequestState'], StateLook> = {
  pending: { tone: 'wait', icon: IconHourglass, meaning: 'Waits for somebody else than who asked' },
  approved: { tone: 'run', icon: IconUserCheck, meaning: 'Somebody else agreed; it is being carried out' },
  executed: { tone: 'ok', icon: IconCheck, meaning: 'Carried out for who asked' },
  failed: { tone: 'bad', icon: IconAlertTriangle, meaning: 'Somebody else agreed, and it was refused when it was carried out' },
  rejected: { tone: 'bad', icon: IconX, meaning: 'Somebody else disagreed' },
  withdrawn: { tone: 'idle', icon: IconArrowBackUp, meaning: 'Taken back by who asked' },
  expired: { tone: 'idle', icon: IconClockX, meaning: 'Nobody decided in time' },
};
