/** What people write whatever the cause: vague subjects, greetings, signatures, quoted mail. */
import type { Language, Symptom } from './cause.ts';

/** Subjects that many causes share. A ticket that has only this is hard for a person, too. */
export const VAGUE_SUBJECTS: Readonly<Record<Symptom, readonly string[]>> = {
  login: ['cannot log in', 'login not working since {time}', 'Login problem {app}', 'access not possible', 'I can not get in any more'],
  slow: ['very slow', '{app} slow', 'performance problem', 'everything is slow since {time}', 'takes for ever'],
  error: ['error message', 'Error {code}', 'problem with {app}', '{app} does not work', 'strange error since {time}'],
  missing: ['something is missing in {app}', 'cannot find {doc}', 'data missing since {time}', 'I do not see {file} any more', 'please check {app}'],
  down: ['does not work', 'not working since {time}', '{app} down?', 'URGENT problem', 'nothing works'],
  connection: ['connection problem', 'no connection', 'cannot connect', 'connection lost since {time}', '{app} not reachable'],
  question: ['question', 'please help', 'need support', 'request', 'Help with {app}'],
};

export const GREETINGS: Readonly<Record<Language, readonly string[]>> = {
  en: ['Hi,', 'Hello,', 'Dear team,', 'Good morning,', 'hi all', 'Hello service desk,'],
  de: ['Hallo,', 'Guten Morgen,', 'Sehr geehrte Damen und Herren,', 'Hallo zusammen,'],
  es: ['Hola,', 'Buenos días,', 'Buenas,'],
  fr: ['Bonjour,', 'Bonjour à tous,', 'Salut,'],
};

export const CLOSINGS: Readonly<Record<Language, readonly string[]>> = {
  en: ['Thanks', 'Thank you in advance', 'Best regards', 'Please help asap', 'thx', 'Please call me back, ext. 4417'],
  de: ['Danke', 'Mit freundlichen Grüßen', 'Viele Grüße', 'Bitte um Rückruf'],
  es: ['Gracias', 'Un saludo', 'Saludos cordiales'],
  fr: ['Merci', 'Cordialement', "Merci d'avance"],
};

export const SIGNATURES: readonly string[] = [
  'Sent from my iPhone',
  '--\nOperations | {site}\nTel. ext. 2231',
  '--\nFinance Shared Services\n{site}, {floor}',
  'This message and any attachment are confidential. If you are not the intended recipient please delete it.',
  '--\nQuality Management, {site}\nPlease consider the environment before printing.',
  'Von meinem Mobilgerät gesendet',
  '--\nSales Support {site}\nwww.example.com',
];

/** Older mail below the text; often about something else, as in real threads. */
export const QUOTED_THREADS: readonly string[] = [
  '-----Original Message-----\nSent: {time}\nSubject: RE: RE: {app}\n\nDid you try to restart {device}? Otherwise please open a ticket.',
  'From: service desk\nSent: {time}\n\nYour request was received. We will contact you. Reference {doc}',
  '> can you check this with IT please\n> I have the same since {time}',
  '-----Ursprüngliche Nachricht-----\nGesendet: {time}\nBetreff: AW: {app}\n\nBitte an den Service Desk wenden.',
  '> fyi, see below\n>> {app} was changed {time} by the project team, maybe related',
];

/** Side remarks that belong to no cause. */
export const ASIDES: readonly string[] = [
  'Already restarted {device} twice.', 'Restart did not help.', 'It worked before {time}.', 'I am in {site} until Thursday.', 'Screenshot attached.',
  'My colleague has the same.', 'Only I have it.', 'The error is {code}.', 'I am not sure if this is the right place.', 'Tried with {device} as well.',
  'We need {app} for month end.', 'Also {printer} makes noises but that is another story.', 'VPN and mail are fine.', 'Since the password change maybe?', 'Network team says it is not them.',
];
