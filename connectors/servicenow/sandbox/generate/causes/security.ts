import type { Cause } from '../cause.ts';

/** Phishing, malware, certificates, lost data. */
export const SECURITY_CAUSES: readonly Cause[] = [
  {
    id: 'phishing-mail', group: 'Security Operations', category: 'inquiry', subcategory: 'phishing', weight: 1.6, impact: [0, 3, 7], urgency: [3, 5, 2], symptom: 'question',
    en: {
      subjects: ['Suspicious mail', 'phishing?', 'I clicked on a link in a strange email', 'CEO asks for gift cards by mail', 'mail with invoice attachment from unknown sender', 'Is this mail real?'],
      details: ['I entered my password before I noticed.', 'Sender looks like our supplier but the domain has an extra letter.', '{count} colleagues got the same.', 'Forwarded as attachment.'],
    },
    de: { subjects: ['Verdächtige E-Mail', 'Phishing?'], details: ['Ich habe leider auf den Link geklickt.'] },
    es: { subjects: ['Correo sospechoso'], details: ['He pinchado en el enlace, ¿qué hago?'] },
    fr: { subjects: ['Mail suspect'], details: ["J'ai cliqué sur le lien."] },
    resolution: 'Message purged, sessions revoked.',
  },
  {
    id: 'malware-alert', group: 'Security Operations', category: 'software', subcategory: 'antivirus', weight: 0.9, impact: [2, 4, 4], urgency: [6, 3, 1], symptom: 'error',
    en: {
      subjects: ['virus found on {device}', 'antivirus popup', 'Defender quarantined a file', 'strange window says call Microsoft', 'EDR isolated {device}'],
      details: ['Message: threat Trojan:Win32 removed, restart required.', 'Since then the network is cut on {device}.', 'Browser opens advertising by itself.'],
    },
    de: { subjects: ['Virenwarnung auf {device}'], details: ['Seitdem kein Netz mehr.'] },
    resolution: 'Device reimaged; no spread found.',
  },
  {
    id: 'blocked-site', group: 'Security Operations', category: 'software', subcategory: 'web filter', weight: 1.0, impact: [0, 2, 8], urgency: [0, 4, 6], symptom: 'error',
    en: {
      subjects: ['website blocked by proxy', 'supplier portal categorized as gambling', 'Download blocked', 'access to {app} denied by web filter', 'page is blocked - need it for work'],
      details: ['Blocked page shows policy {code}.', 'Needed for a tender until {time}.', 'It was possible before {time}.'],
    },
    fr: { subjects: ['Site web bloqué'], details: ["J'en ai besoin pour le travail."] },
    resolution: 'Site recategorised.',
  },
  {
    id: 'usb-blocked', group: 'Security Operations', category: 'inquiry', subcategory: 'data protection', weight: 0.7, impact: [0, 1, 9], urgency: [0, 4, 6], symptom: 'question',
    en: {
      subjects: ['USB stick not allowed', 'need exception for external drive', 'mail with attachment blocked by DLP', 'encrypted zip removed', 'Sent {file} to wrong recipient'],
      details: ['Customer insists on a stick.', 'It contained personal data, please advise.', 'Policy tip says confidential.'],
    },
    resolution: 'Exception granted for 30 days by the data protection officer.',
  },
  {
    id: 'certificate-expired', group: 'Security Operations', category: 'software', subcategory: 'certificate', weight: 0.8, impact: [3, 5, 2], urgency: [4, 5, 1], symptom: 'error',
    en: {
      subjects: ['certificate expired on {host}', 'connection not private warning {app}', 'NET::ERR_CERT_DATE_INVALID', 'S/MIME certificate renewal', 'TLS handshake fails against {host}'],
      details: ['Valid until {time}.', 'Browser warns {count} users, some partners are cut off.', 'Chain misses the intermediate.'],
    },
    de: { subjects: ['Zertifikat abgelaufen {host}'], details: ['Browser warnt alle Benutzer.'] },
    resolution: 'Certificate renewed.',
  },
];
