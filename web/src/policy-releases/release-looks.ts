import { IconBan, IconCheck, IconHandStop, IconHistory, IconShadow, IconShieldCheck } from '@tabler/icons-react';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import type { StateLook } from '../parts/state-look.ts';

type Schemas = components['schemas'];

export const RELEASE_LOOKS: Record<Schemas['PolicyReleaseState'], StateLook> = {
  blocked: { tone: 'wait', icon: IconHandStop, meaning: 'The gate holds it back until another person releases it all the same' },
  released: { tone: 'ok', icon: IconCheck, meaning: 'It decides, or (in shadow) decides beside' },
  superseded: { tone: 'idle', icon: IconHistory, meaning: 'A later release took its place' },
  withdrawn: { tone: 'idle', icon: IconBan, meaning: 'It was ended or given up by a person' },
};

export const MODE_LOOKS: Record<Schemas['PolicyMode'], StateLook> = {
  enforce: { tone: 'run', icon: IconShieldCheck, meaning: 'It binds' },
  shadow: { tone: 'idle', icon: IconShadow, meaning: 'It decides beside, is recorded, and never binds' },
};
