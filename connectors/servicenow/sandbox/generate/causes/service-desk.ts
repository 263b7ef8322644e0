import type { Cause } from '../cause.ts';

/** What the first line settles itself. */
export const SERVICE_DESK_CAUSES: readonly Cause[] = [
  {
    id: 'how-to', group: 'Service Desk', category: 'inquiry', subcategory: 'how to', weight: 2.0, impact: [0, 0, 10], urgency: [0, 2, 8], symptom: 'question',
    en: {
      subjects: ['How do I set an out of office reply', 'question about {app}', 'where do I find the manual for {app}', 'How can I scan to mail', 'How to book a room', 'short question'],
      details: ['Sorry for the simple question.', 'My colleague is on holiday and she always did that.', 'Is there a guide somewhere?', 'A link would be enough.'],
    },
    de: { subjects: ['Frage zu {app}', 'Wie richte ich die Abwesenheit ein'], details: ['Gibt es eine Anleitung?'] },
    es: { subjects: ['Duda sobre {app}'], details: ['¿Hay algún manual?'] },
    fr: { subjects: ['Question sur {app}'], details: ['Où trouver la documentation ?'] },
    resolution: 'Explained and article sent.',
  },
  {
    id: 'order-status', group: 'Service Desk', category: 'inquiry', subcategory: 'request status', weight: 1.4, impact: [0, 0, 10], urgency: [0, 2, 8], symptom: 'question',
    en: {
      subjects: ['status of my request', 'When do I get my new laptop', 'my ticket was closed but not solved', 'No reaction to my ticket of {time}', 'please cancel my order'],
      details: ['Ordered {time}, nobody answers.', 'Please reopen, see history below.', 'The request number is in the mail below.'],
    },
    de: { subjects: ['Status meiner Anfrage', 'Wann kommt mein Laptop'], details: ['Bestellt {time}, keine Antwort.'] },
    resolution: 'Status given to the caller.',
  },
  {
    id: 'hardware-order', group: 'Service Desk', category: 'inquiry', subcategory: 'order', weight: 1.3, impact: [0, 0, 10], urgency: [0, 2, 8], symptom: 'question',
    en: {
      subjects: ['need a new mouse', 'Please order headset', 'second monitor for home office', 'mobile phone for new colleague', 'Request: laptop for trainee'],
      details: ['Cost centre is known, manager agrees.', 'The old one is worn out.', 'Start date is next month.'],
    },
    fr: { subjects: ['Commande de casque'], details: ["L'ancien est usé."] },
    es: { subjects: ['Necesito un ratón nuevo'], details: ['El mío está roto.'] },
    resolution: 'Ordered through the catalogue on the behalf of the caller.',
  },
  {
    id: 'facility-misrouted', group: 'Service Desk', category: 'inquiry', subcategory: 'other', weight: 0.8, impact: [0, 1, 9], urgency: [0, 3, 7], symptom: 'question',
    en: {
      subjects: ['badge does not open door {floor}', 'Heating in {room} broken', 'parking permit', 'lamp on {floor} flickers', 'coffee machine error {code}'],
      details: ['I was told to open a ticket here.', 'Nobody answers the phone at facility.', 'Since {time}.'],
    },
    de: { subjects: ['Ausweis öffnet Tür nicht'], details: ['Man sagte mir, ich soll hier ein Ticket machen.'] },
    resolution: 'Passed on to facility management by mail; not an IT matter.',
  },
];
