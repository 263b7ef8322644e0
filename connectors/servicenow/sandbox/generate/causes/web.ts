import type { Cause } from '../cause.ts';

/** Web sites, portals, interfaces between systems. */
export const WEB_CAUSES: readonly Cause[] = [
  {
    id: 'portal-5xx', group: 'Web and Integration', category: 'software', subcategory: 'web', weight: 1.3, impact: [4, 5, 1], urgency: [5, 4, 1], symptom: 'down',
    en: {
      subjects: ['portal shows {code}', 'web shop down', 'customer portal not available', 'Bad gateway on {app}', 'white page after login to {app}', 'site returns 503'],
      details: ['Customers call us. {count} affected.', 'Comes and goes, every third click.', 'Health check of {host} is red since {time}.'],
    },
    de: { subjects: ['Webshop nicht erreichbar', 'Portal zeigt Fehler {code}'], details: ['Kunden rufen schon an.'] },
    es: { subjects: ['El portal da error {code}'], details: ['Los clientes no pueden pedir.'] },
    fr: { subjects: ['Portail client indisponible'], details: ['Erreur {code} depuis {time}.'] },
    resolution: 'Application pool recycled, leak reported to the vendor.',
  },
  {
    id: 'api-errors', group: 'Web and Integration', category: 'software', subcategory: 'interface', weight: 1.1, impact: [2, 6, 2], urgency: [3, 5, 2], symptom: 'error',
    en: {
      subjects: ['REST interface returns {code}', 'API key of partner refused', 'interface {app} to {app} stopped', 'webhook calls fail', 'queue depth growing on integration bus', 'messages in dead letter queue'],
      details: ['Payload is unchanged since months. Response: {code}.', '{count} messages waiting since {time}.', 'Schema validation failed at field deliveryDate.'],
    },
    resolution: 'Token renewed, messages replayed.',
  },
  {
    id: 'content-wrong', group: 'Web and Integration', category: 'software', subcategory: 'web', weight: 0.9, impact: [0, 2, 8], urgency: [0, 4, 6], symptom: 'question',
    en: {
      subjects: ['Broken link on intranet', 'Wrong opening hours on web site', 'form on website does not send', 'picture missing in {app} page', 'Search on intranet returns old pages'],
      details: ['Contact form says thank you but nobody gets the mail.', 'Page /{site} gives not found.', 'Cached version from {time}.'],
    },
    de: { subjects: ['Kontaktformular sendet nicht'], details: ['Danke-Seite kommt, aber keine Mail.'] },
    resolution: 'Content corrected, cache emptied.',
  },
  {
    id: 'browser-compat', group: 'Web and Integration', category: 'software', subcategory: 'web', weight: 1.0, impact: [0, 4, 6], urgency: [1, 5, 4], symptom: 'error',
    en: {
      subjects: ['button in {app} does nothing since release', '{app} layout broken in Edge', 'cannot upload files in portal', 'Date picker broken in {app}', 'infinite spinner in {app}'],
      details: ['Console shows a script error. In Firefox it works.', 'After the release {time}.', 'Cleared cache, tried other PC, no change.'],
    },
    fr: { subjects: ['Le bouton ne répond plus dans {app}'], details: ['Depuis la mise à jour {time}.'] },
    resolution: 'Front-end rolled back to the release before.',
  },
  {
    id: 'web-slow', group: 'Web and Integration', category: 'software', subcategory: 'performance', weight: 1.0, impact: [2, 5, 3], urgency: [2, 5, 3], symptom: 'slow',
    en: {
      subjects: ['{app} very slow in browser', 'pages need 30 seconds', 'timeouts in customer portal', '{app} slow for external users', 'checkout takes for ever'],
      details: ['Other sites are fast. HTTP 504 from time to time.', 'Mostly between 9 and 11.', 'Server timing shows 20 s at the back end of {host}.'],
    },
    es: { subjects: ['{app} muy lento en el navegador'], details: ['Otras páginas van bien.'] },
    resolution: 'Cache in front of the portal re-enabled.',
  },
];
