import { IconAlertTriangle, IconCheck, IconPlayerPause } from '@tabler/icons-react';
import type { Schemas } from '../api/client.ts';
import type { StateLook } from '../parts/state-look.ts';

type Sink = Schemas['Sink'];

/** Words for people: `disabled` is how the API calls one that was paused. */
export const SINK_LOOKS: Record<Sink['state'], StateLook & { readonly word: string }> = {
  active: { word: 'active', tone: 'ok', icon: IconCheck, meaning: 'It takes what it is sent' },
  failing: { word: 'failing', tone: 'bad', icon: IconAlertTriangle, meaning: 'It does not take what it is sent. It is sent again until it does; nothing is left out' },
  disabled: { word: 'paused', tone: 'idle', icon: IconPlayerPause, meaning: 'Nothing is sent to it. When it goes on, it goes on where it stopped' },
};

export const SINK_FORMATS: ReadonlyArray<{ value: Schemas['SinkFormat']; label: string }> = [
  { value: 'ocsf', label: 'OCSF (JSON)' }, { value: 'cef', label: 'CEF (lines)' }, { value: 'native', label: 'our own events (JSON)' },
];

export function formatInWords(format: Schemas['SinkFormat']): string {
  return SINK_FORMATS.find(({ value }) => value === format)?.label ?? format;
}
