import type { Cause } from '../cause.ts';

/** Phones, hotlines, meeting rooms. */
export const TELEPHONY_CAUSES: readonly Cause[] = [
  {
    id: 'desk-phone', group: 'Telephony and Meeting Rooms', category: 'hardware', subcategory: 'telephone', weight: 1.2, impact: [0, 2, 8], urgency: [1, 4, 5], symptom: 'down',
    en: {
      subjects: ['desk phone dead', 'no dial tone', 'phone shows "registering"', 'Phone number moved to wrong desk', 'headset does not ring'],
      details: ['Display is on but no calls come in.', 'After the move to {floor}.', 'Callers hear busy.'],
    },
    de: { subjects: ['Telefon tot', 'Kein Freizeichen'], details: ['Anrufer hören besetzt.'] },
    es: { subjects: ['El teléfono no da tono'], details: ['Desde la mudanza.'] },
    resolution: 'Phone registered anew.',
  },
  {
    id: 'hotline-routing', group: 'Telephony and Meeting Rooms', category: 'software', subcategory: 'call centre', weight: 0.9, impact: [5, 4, 1], urgency: [6, 4, 0], symptom: 'down',
    en: {
      subjects: ['Hotline not reachable', 'calls drop after the announcement', 'agents cannot log in to queue', 'wrong announcement on hotline', 'callers land in {site} instead of us'],
      details: ['Customers complain by mail. {count} agents idle.', 'Opening hours were changed {time}.', 'Softphone says agent state error {code}.'],
    },
    fr: { subjects: ['Hotline injoignable'], details: ['Les clients tombent sur un mauvais message.'] },
    resolution: 'Routing table corrected.',
  },
  {
    id: 'room-screen', group: 'Telephony and Meeting Rooms', category: 'hardware', subcategory: 'meeting room', weight: 1.4, impact: [0, 3, 7], urgency: [3, 4, 3], symptom: 'down',
    en: {
      subjects: ['screen in {room} black', '{room}: camera not working', 'no sound in {room}', 'cannot present in {room}', 'Click share button dead in {room}', 'touch panel {room} frozen'],
      details: ['Customer visit at 2 pm!', 'Cable is plugged in, source shows no signal.', 'Others in the call hear an echo.'],
    },
    de: { subjects: ['Bildschirm in {room} bleibt schwarz', 'Kein Ton in {room}'], details: ['Kundentermin um 14 Uhr!'] },
    es: { subjects: ['No hay imagen en {room}'], details: ['Tenemos visita de un cliente.'] },
    fr: { subjects: ['Pas de son en {room}'], details: ['Réunion client dans une heure.'] },
    resolution: 'Codec restarted, cable exchanged.',
  },
  {
    id: 'voicemail', group: 'Telephony and Meeting Rooms', category: 'software', subcategory: 'telephone', weight: 0.8, impact: [0, 0, 10], urgency: [0, 3, 7], symptom: 'question',
    en: {
      subjects: ['Voicemail PIN', 'call forwarding cannot be removed', 'number display wrong for outgoing calls', 'voice mails do not arrive by mail', 'Please set up group pickup'],
      details: ['Calls still go to a colleague who left.', 'Customers see the old number.', 'PIN is not accepted.'],
    },
    resolution: 'Forwarding removed, PIN reset.',
  },
  {
    id: 'call-quality', group: 'Telephony and Meeting Rooms', category: 'network', subcategory: 'voice', weight: 1.0, impact: [0, 4, 6], urgency: [2, 5, 3], symptom: 'connection',
    en: {
      subjects: ['bad call quality', 'calls cut after 30 seconds', 'one-way audio with {site}', 'Echo and crackling on all calls', 'robot voice in conference'],
      details: ['I hear them, they do not hear me.', 'Internal is ok, outside numbers are bad.', 'In {site} since {time}, every phone.'],
    },
    de: { subjects: ['Schlechte Sprachqualität'], details: ['Gespräche brechen nach 30 Sekunden ab.'] },
    resolution: 'Session border controller codec list corrected.',
  },
];
