import { IconBan, IconCheck, IconClockX, IconMail } from '@tabler/icons-react';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { StateLook } from '../parts/state-look.ts';

type Schemas = components['schemas'];

export const PERSON_LOOKS: Record<Schemas['Person']['state'], StateLook> = {
  active: { tone: 'ok', icon: IconCheck, meaning: 'May sign in' },
  disabled: { tone: 'idle', icon: IconBan, meaning: 'May not sign in; sessions and keys have ended' },
};

export const INVITATION_LOOKS: Record<Schemas['Invitation']['state'], StateLook> = {
  open: { tone: 'wait', icon: IconMail, meaning: 'Waits for the person' },
  accepted: { tone: 'ok', icon: IconCheck, meaning: 'The person has come in' },
  revoked: { tone: 'idle', icon: IconBan, meaning: 'Withdrawn' },
  expired: { tone: 'idle', icon: IconClockX, meaning: 'Nobody came in time' },
};
