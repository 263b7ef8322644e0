import type { Cause } from '../cause.ts';

/** Laptops, docking stations, printers, standard software on the desk. */
export const WORKPLACE_CAUSES: readonly Cause[] = [
  {
    id: 'laptop-boot', group: 'End User Computing', category: 'hardware', subcategory: 'laptop', weight: 1.5, impact: [0, 1, 9], urgency: [4, 5, 1], symptom: 'down',
    en: {
      subjects: ['{device} does not boot', 'black screen on {device}', 'Blue screen {code}', 'laptop dead', 'stuck at bitlocker recovery', '{device} restarts by itself'],
      details: ['Power light is on and nothing else happens.', 'After the update {time} it asks for a recovery key.', 'Fan runs at full speed, then it turns off.'],
    },
    de: { subjects: ['Notebook startet nicht', 'Bluescreen {code}'], details: ['Nach dem Update fragt er nach dem Bitlocker-Schlüssel.'] },
    es: { subjects: ['El portátil no arranca'], details: ['Pantalla negra desde {time}.'] },
    fr: { subjects: ["L'ordinateur ne démarre plus"], details: ['Écran noir depuis {time}.'] },
    resolution: 'Image repaired; mainboard exchanged under warranty where needed.',
  },
  {
    id: 'battery-hardware', group: 'End User Computing', category: 'hardware', subcategory: 'laptop', weight: 1.0, impact: [0, 0, 10], urgency: [0, 3, 7], symptom: 'error',
    en: {
      subjects: ['battery empty after 20 minutes', 'Broken hinge on {device}', 'keyboard keys stuck', 'Coffee over {device}', 'charger broken', 'Battery swollen!'],
      details: ['Case does not close properly any more.', 'The e and n keys need force.', 'Already three years old, maybe time for an exchange.'],
    },
    de: { subjects: ['Akku hält nicht mehr', 'Ladegerät defekt'], details: ['Nach 20 Minuten ist Schluss.'] },
    resolution: 'Part replaced from stock.',
  },
  {
    id: 'docking-monitor', group: 'End User Computing', category: 'hardware', subcategory: 'monitor', weight: 1.2, impact: [0, 0, 10], urgency: [0, 4, 6], symptom: 'connection',
    en: {
      subjects: ['second monitor not detected', 'docking station does nothing', 'screen flickers', 'external display only mirrors', 'no picture through USB-C'],
      details: ['Without the dock it is fine.', 'Changed cables, changed ports.', 'It happened after the firmware update {time}.'],
    },
    de: { subjects: ['Zweiter Monitor wird nicht erkannt'], details: ['Ohne Dockingstation geht es.'] },
    fr: { subjects: ["Deuxième écran non détecté"], details: ["J'ai changé le câble, toujours rien."] },
    resolution: 'Dock firmware updated, driver replaced.',
  },
  {
    id: 'printer-jam', group: 'End User Computing', category: 'hardware', subcategory: 'printer', weight: 1.8, impact: [0, 3, 7], urgency: [1, 4, 5], symptom: 'error',
    en: {
      subjects: ['{printer} paper jam', 'Printer offline on {floor}', 'cannot print', '{printer} prints stripes', 'toner empty {printer}', 'print job disappears', 'Labels come out blank on {printer}'],
      details: ['Queue shows the job and then it is gone.', '{count} people on {floor} wait for it.', 'Display says service {code}.', 'Shipping stands still without labels.'],
    },
    de: { subjects: ['Drucker {printer} offline', 'Papierstau {printer}', 'Drucken geht nicht'], details: ['Auftrag verschwindet aus der Warteschlange.'] },
    es: { subjects: ['La impresora no imprime', 'Atasco de papel en {printer}'], details: ['El trabajo desaparece de la cola.'] },
    fr: { subjects: ['Imprimante hors ligne'], details: ["Le travail disparaît de la file d'attente."] },
    resolution: 'Jam removed, driver queue cleared.',
  },
  {
    id: 'office-crash', group: 'End User Computing', category: 'software', subcategory: 'application', weight: 1.3, impact: [0, 1, 9], urgency: [1, 5, 4], symptom: 'error',
    en: {
      subjects: ['Excel crashes with {file}', 'Word freezes when saving', 'excel add-in disappeared', 'Office wants activation', 'macro no longer runs after update'],
      details: ['Not responding, then closes. The file opens fine for others.', 'Unlicensed product is shown in the title.', 'Only in this one file, about 40 MB.'],
    },
    de: { subjects: ['Excel stürzt ab bei {file}'], details: ['Keine Rückmeldung, dann zu.'] },
    es: { subjects: ['Excel se cierra solo'], details: ['Pasa al guardar {file}.'] },
    resolution: 'Office repaired online, add-in reinstalled.',
  },
  {
    id: 'software-install', group: 'End User Computing', category: 'software', subcategory: 'installation', weight: 1.5, impact: [0, 0, 10], urgency: [0, 3, 7], symptom: 'question',
    en: {
      subjects: ['Please install Visio', 'installation of {app} client fails', 'Software center: failed {code}', 'Need admin rights to install a driver', 'Adobe licence please'],
      details: ['Setup ends with error {code}.', 'Status is "waiting to install" since {time}.', 'Needed for a project starting next week.'],
    },
    de: { subjects: ['Bitte Visio installieren', 'Installation schlägt fehl {code}'], details: ['Hängt seit {time} bei "wird installiert".'] },
    fr: { subjects: ["Installation de logiciel impossible"], details: ["L'installation s'arrête avec {code}."] },
    resolution: 'Package redeployed.',
  },
  {
    id: 'slow-pc', group: 'End User Computing', category: 'software', subcategory: 'operating system', weight: 1.3, impact: [0, 0, 10], urgency: [0, 4, 6], symptom: 'slow',
    en: {
      subjects: ['{device} extremely slow', 'PC needs 15 minutes to start', 'disk at 100 %', 'slow since update', 'everything hangs on {device}'],
      details: ['Task manager: memory 97 %.', 'Even typing lags. Colleagues with the same model are fine.', 'Only {device}, others at my desk are ok.'],
    },
    de: { subjects: ['Rechner extrem langsam'], details: ['Hochfahren dauert 15 Minuten.'] },
    es: { subjects: ['El ordenador va muy lento'], details: ['Tarda quince minutos en arrancar.'] },
    resolution: 'Memory extended; stuck update removed.',
  },
  {
    id: 'mobile-device', group: 'End User Computing', category: 'hardware', subcategory: 'mobile', weight: 1.0, impact: [0, 0, 10], urgency: [1, 4, 5], symptom: 'error',
    en: {
      subjects: ['iPhone lost', 'company phone broken screen', 'Intune enrolment fails', 'Handheld scanner does not charge', 'mail app on phone not compliant'],
      details: ['Device says it is not compliant with policy.', 'Fell down, glass is gone. SIM is ok.', 'Stuck at remote management screen, {code}.'],
    },
    fr: { subjects: ['Écran du téléphone cassé'], details: ["Le téléphone est tombé {time}."] },
    resolution: 'Device replaced and enrolled.',
  },
];
