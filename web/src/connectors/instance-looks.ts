import { IconAlertTriangle, IconBan, IconCheck, IconClockHour4, IconCloudOff, IconLockQuestion, IconPackageOff, IconRefreshAlert } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import type { StateLook } from '../parts/state-look.ts';

export type Health = Schemas['Instance']['health'];
export type PackageState = NonNullable<Schemas['Instance']['package']>['state'];

export const USE_LOOKS: Record<'enabled' | 'disabled', StateLook> = {
  enabled: { tone: 'ok', icon: IconCheck, meaning: 'Workflows may use it' },
  disabled: { tone: 'idle', icon: IconBan, meaning: 'No call goes out, and its webhook is refused' },
};

export const PACKAGE_LOOKS: Record<PackageState, StateLook & { readonly word: string }> = {
  current: { word: 'as approved', tone: 'ok', icon: IconCheck, meaning: 'What is installed is what was approved for it' },
  changed: { word: 'needs approval', tone: 'bad', icon: IconRefreshAlert, meaning: 'Another package is installed than the one that was approved: its calls are refused until somebody approves it' },
  unsigned: { word: 'manifest only', tone: 'wait', icon: IconLockQuestion, meaning: 'Only its manifest was published, so its code is not pinned' },
  not_installed: { word: 'not installed', tone: 'bad', icon: IconPackageOff, meaning: 'No worker has the connector' },
};

/** In words, whether it answers; what the state of its circuit means. */
export function healthLook({ circuit, blocked_until }: Health): StateLook & { readonly word: string } {
  if (circuit === 'open') return { word: 'does not answer', tone: 'bad', icon: IconCloudOff, meaning: 'It failed several times in a row. Nothing is sent to it for a while; steps wait without using up attempts' };
  if (circuit === 'half_open') return { word: 'being tried', tone: 'wait', icon: IconAlertTriangle, meaning: 'One call is trying whether it answers again' };
  if (blocked_until !== null) return { word: 'asked for silence', tone: 'wait', icon: IconClockHour4, meaning: 'It answered 429. No worker calls it until the time that it named' };
  return { word: 'answers', tone: 'ok', icon: IconCheck, meaning: 'Nothing has failed since its last answer' };
}

/** Why it was last unreachable, in words; a code that nobody has words for as it is. */
export function failureInWords(code: string | null): string {
  if (code === null) return 'nothing yet';
  const words: Readonly<Record<string, string>> = {
    peer_unavailable: 'it could not be reached', peer_timeout: 'it did not answer in time', peer_connection_lost: 'it cut the connection',
    http_502: 'a proxy before it had no answer (502)', http_503: 'it said that it is unavailable (503)', http_504: 'a proxy before it waited in vain (504)', http_529: 'it is overloaded (529)',
  };
  return words[code] ?? code;
}
