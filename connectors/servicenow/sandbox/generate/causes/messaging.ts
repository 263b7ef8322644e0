import type { Cause } from '../cause.ts';

/** Mail, calendars, chat, shared documents. */
export const MESSAGING_CAUSES: readonly Cause[] = [
  {
    id: 'mailbox-full', group: 'Messaging and Collaboration', category: 'software', subcategory: 'email', weight: 1.4, impact: [0, 1, 9], urgency: [1, 4, 5], symptom: 'error',
    en: {
      subjects: ['Mailbox full', 'Cannot send mail, quota reached', 'outlook says mailbox over limit', 'Need bigger mailbox', 'archive not moving old mails'],
      details: ['I deleted a lot but the warning stays.', 'Customers get a bounce that my mailbox is full.', 'Online archive was enabled {time} and nothing moved.'],
    },
    de: { subjects: ['Postfach voll', 'Kann keine Mails mehr senden'], details: ['Trotz Löschen bleibt die Warnung.'] },
    fr: { subjects: ['Boîte aux lettres pleine'], details: ['Je ne peux plus envoyer de messages.'] },
    resolution: 'Quota raised, archive policy applied.',
  },
  {
    id: 'outlook-profile', group: 'Messaging and Collaboration', category: 'software', subcategory: 'email', weight: 1.7, impact: [0, 1, 9], urgency: [2, 5, 3], symptom: 'error',
    en: {
      subjects: ['Outlook does not start', 'outlook keeps asking for password', 'Outlook stuck at loading profile', 'mails not syncing', 'OST file error {code}', 'Search in outlook finds nothing'],
      details: ['Webmail works, only the desktop program does not.', 'Window flashes and closes again.', 'Last mail is from {time}.', 'Status line says "Need password" or "Disconnected".'],
    },
    de: { subjects: ['Outlook startet nicht', 'Outlook fragt ständig nach Kennwort'], details: ['Im Webmail ist alles da.', 'Letzte Mail kam {time}.'] },
    es: { subjects: ['Outlook no abre', 'El correo no sincroniza'], details: ['En la web funciona pero en el programa no.'] },
    fr: { subjects: ['Outlook ne démarre plus'], details: ['Le webmail fonctionne.'] },
    resolution: 'Profile rebuilt, cache recreated.',
  },
  {
    id: 'mail-not-delivered', group: 'Messaging and Collaboration', category: 'software', subcategory: 'email', weight: 1.2, impact: [2, 4, 4], urgency: [3, 5, 2], symptom: 'missing',
    en: {
      subjects: ['Mails from customer do not arrive', 'mail bounced 550', 'Delayed emails', 'Message stuck in outbox', 'external recipients do not get our mail'],
      details: ['Non delivery report attached, SPF is mentioned.', 'Sent {time}, the other side never got it, not in spam either.', 'Mails take up to four hours.'],
    },
    de: { subjects: ['Mails vom Kunden kommen nicht an'], details: ['Rückläufer mit 550, siehe unten.'] },
    es: { subjects: ['No llegan correos de clientes'], details: ['El remitente dice que lo envió {time}.'] },
    resolution: 'Connector corrected; queued messages delivered.',
  },
  {
    id: 'shared-mailbox', group: 'Messaging and Collaboration', category: 'inquiry', subcategory: 'email', weight: 1.0, impact: [0, 2, 8], urgency: [0, 4, 6], symptom: 'missing',
    en: {
      subjects: ['Shared mailbox not visible', 'Please add me to distribution list', 'Send as from team mailbox fails', 'new shared mailbox for {site}', 'calendar of my boss no longer visible'],
      details: ['I can read but not send on behalf.', 'The list still has people who left.', 'Automapping does not work since {time}.'],
    },
    fr: { subjects: ['Boîte partagée invisible'], details: ["J'en ai besoin pour l'équipe de {site}."] },
    resolution: 'Mailbox permission granted by owner approval.',
  },
  {
    id: 'teams-meeting', group: 'Messaging and Collaboration', category: 'software', subcategory: 'collaboration', weight: 1.4, impact: [0, 2, 8], urgency: [2, 4, 4], symptom: 'error',
    en: {
      subjects: ['Teams crashes when sharing screen', 'cannot join teams meeting', 'Teams: no sound in calls', 'guest cannot be added to the channel', 'chat messages arrive hours later'],
      details: ['App closes without a message, error {code} in the log.', 'Others hear me like a robot. In the browser it is fine.', 'Reinstalled twice, cache cleared.'],
    },
    de: { subjects: ['Teams stürzt beim Teilen ab'], details: ['Im Browser geht es, in der App nicht.'] },
    es: { subjects: ['No puedo entrar a la reunión de Teams'], details: ['Se queda en blanco al compartir pantalla.'] },
    resolution: 'Client updated, cache removed.',
  },
  {
    id: 'sharepoint-sync', group: 'Messaging and Collaboration', category: 'software', subcategory: 'collaboration', weight: 1.1, impact: [0, 2, 8], urgency: [1, 4, 5], symptom: 'error',
    en: {
      subjects: ['OneDrive sync stuck', 'Sharepoint document locked for editing', '{file} shows two versions', 'red cross on OneDrive icon', 'deleted {file} in sharepoint, need it back'],
      details: ['Processing changes for two days.', 'It says locked by me but I closed it.', 'Colleagues see an older version of the document.'],
    },
    fr: { subjects: ['Synchronisation OneDrive bloquée'], details: ['Le document {file} existe en double.'] },
    resolution: 'Library reset on the client; version restored.',
  },
];
