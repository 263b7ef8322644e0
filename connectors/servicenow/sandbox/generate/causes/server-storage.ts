import type { Cause } from '../cause.ts';

/** Servers, virtual machines, file servers, jobs, backup. */
export const SERVER_CAUSES: readonly Cause[] = [
  {
    id: 'disk-full', group: 'Server and Storage', category: 'hardware', subcategory: 'storage', weight: 1.4, impact: [2, 5, 3], urgency: [3, 5, 2], symptom: 'error',
    en: {
      subjects: ['disk full on {host}', '/var 100% {host}', 'C: drive {host} low on space', 'no space left on device', 'ALERT {host} filesystem usage 97'],
      details: ['Logs grow about 2 GB per day.', 'Application on it will stop soon.', 'Monitoring raised it {time}, see graph.'],
    },
    de: { subjects: ['Platte voll auf {host}'], details: ['Logs wachsen, bitte erweitern.'] },
    resolution: 'Volume extended and log rotation put right.',
  },
  {
    id: 'server-down', group: 'Server and Storage', category: 'hardware', subcategory: 'server', weight: 1.1, impact: [6, 3, 1], urgency: [7, 3, 0], symptom: 'down',
    en: {
      subjects: ['{host} not reachable', 'server {host} down', 'VM {host} hung', '{host} rebooted unexpectedly', 'CRITICAL: host {host} unreachable'],
      details: ['No ping, console shows a kernel panic.', '{app} is therefore not available for {count}.', 'Came back after five minutes, please find out why.'],
    },
    fr: { subjects: ['Serveur {host} injoignable'], details: ["Plus de ping depuis {time}."] },
    es: { subjects: ['Servidor {host} caído'], details: ['No responde desde {time}.'] },
    resolution: 'Host moved to another hypervisor; memory module exchanged.',
  },
  {
    id: 'file-restore', group: 'Server and Storage', category: 'inquiry', subcategory: 'restore', weight: 1.1, impact: [0, 1, 9], urgency: [1, 5, 4], symptom: 'missing',
    en: {
      subjects: ['restore {file} please', 'Deleted {file} by accident', '{file} disappeared', 'Need version of {file} from {time}', 'folder overwritten on network drive'],
      details: ['It was there {time}. Path is below.', 'Someone moved it, the search finds nothing.', 'Previous versions tab is empty.'],
    },
    de: { subjects: ['Bitte {file} wiederherstellen'], details: ['Versehentlich gelöscht, war {time} noch da.'] },
    fr: { subjects: ['Restaurer {file}'], details: ["Supprimé par erreur {time}."] },
    resolution: 'Restored from the nightly snapshot.',
  },
  {
    id: 'batch-job', group: 'Server and Storage', category: 'software', subcategory: 'scheduling', weight: 1.0, impact: [1, 6, 3], urgency: [2, 6, 2], symptom: 'error',
    en: {
      subjects: ['job FIN_NIGHTLY_{code} abended', 'nightly batch not finished', 'scheduler agent on {host} offline', 'scheduled task did not run', 'file transfer job failed on {host}'],
      details: ['Return code {code}, restart possible.', 'Successor jobs wait, {app} shows data of {time}.', 'Job runs since {time} without output.'],
    },
    resolution: 'Agent restarted, job rerun.',
  },
  {
    id: 'share-unreachable', group: 'Server and Storage', category: 'software', subcategory: 'file share', weight: 1.1, impact: [1, 5, 4], urgency: [2, 5, 3], symptom: 'connection',
    en: {
      subjects: ['network drive gone', '{file} not reachable', 'drive G: shows red x', 'opening {file} takes minutes', 'network path was not found {code}'],
      details: ['{count} in {site} have it, all on the same file server.', 'After reboot the letters are missing.', 'Explorer hangs as soon as I click on it.'],
    },
    de: { subjects: ['Netzlaufwerk weg', 'Laufwerk G: rotes Kreuz'], details: ['In {site} bei {count}.'] },
    es: { subjects: ['No veo la unidad de red'], details: ['Desde {time} no aparece G:.'] },
    resolution: 'File service failed over; drives mapped again.',
  },
  {
    id: 'patch-window', group: 'Server and Storage', category: 'software', subcategory: 'operating system', weight: 0.7, impact: [1, 4, 5], urgency: [1, 5, 4], symptom: 'error',
    en: {
      subjects: ['service on {host} does not start after patching', 'updates failed on {host} {code}', '{host} pending reboot', 'time on {host} is wrong', 'certificate of agent on {host} invalid after update'],
      details: ['Dependency service is disabled now.', 'Clock is 7 minutes ahead.', 'Roll back of KB is possible until {time}.'],
    },
    resolution: 'Service dependency repaired after the patch.',
  },
];
