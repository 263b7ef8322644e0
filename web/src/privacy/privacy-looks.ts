import { IconLock, IconLockOpen } from '@tabler/icons-react';
import type { StateLook } from '../parts/state-look.ts';

export const HELD_LOOK: StateLook = { tone: 'wait', icon: IconLock, meaning: 'It stays until the hold is released' };
export const RELEASED_LOOK: StateLook = { tone: 'idle', icon: IconLockOpen, meaning: 'Its retention counts again' };
