import type { Cause } from '../cause.ts';

/** Databases: space, locks, backups, slow statements. */
export const DATABASE_CAUSES: readonly Cause[] = [
  {
    id: 'tablespace-full', group: 'Database Administration', category: 'database', subcategory: 'oracle', weight: 1.0, impact: [4, 5, 1], urgency: [5, 4, 1], symptom: 'error',
    en: {
      subjects: ['tablespace full on {db}', 'ORA-01653 unable to extend', '{db} transaction log full', 'could not extend file on {db}', 'inserts fail in {app}'],
      details: ['Batch stopped at 02:14, please extend.', 'Disk has room, the datafile reached its maximum.', 'Users see error {code} in {app} when saving.'],
    },
    resolution: 'Datafile added.',
  },
  {
    id: 'blocking-locks', group: 'Database Administration', category: 'database', subcategory: 'sql server', weight: 1.0, impact: [3, 6, 1], urgency: [4, 5, 1], symptom: 'slow',
    en: {
      subjects: ['locks on {db}', 'deadlock victim', 'sessions waiting in {db}', '{app} hangs when saving, looks like a lock', 'long running transaction blocks everyone'],
      details: ['Session 214 holds a lock since {time}.', '{count} users wait with an hourglass.', 'Msg 1205, rerun the transaction.'],
    },
    de: { subjects: ['Sperren auf {db}'], details: ['Sitzung blockiert {count} andere.'] },
    resolution: 'Blocking session ended after agreement with the owner.',
  },
  {
    id: 'slow-query', group: 'Database Administration', category: 'database', subcategory: 'performance', weight: 1.1, impact: [1, 6, 3], urgency: [1, 6, 3], symptom: 'slow',
    en: {
      subjects: ['query on {db} slow since {time}', 'report runs 40 minutes instead of 2', 'full table scan on {db}', 'nightly load takes until noon', '{app} search times out'],
      details: ['Plan changed after the statistics run.', 'CPU of {db} at 100 %. Index missing?', 'Same screen was fast before {time}, error {code}.'],
    },
    es: { subjects: ['Consulta muy lenta en {db}'], details: ['Antes tardaba dos minutos.'] },
    resolution: 'Statistics refreshed, plan pinned.',
  },
  {
    id: 'db-backup-failed', group: 'Database Administration', category: 'database', subcategory: 'backup', weight: 0.8, impact: [0, 5, 5], urgency: [1, 6, 3], symptom: 'error',
    en: {
      subjects: ['backup of {db} failed', 'restore of {db} to test needed', 'RMAN error on {db}', 'refresh copy of {db} please', 'archivelog destination full'],
      details: ['Last good backup is from {time}.', 'We need the state of {time} for an audit.', 'Return code {code} in the job log.'],
    },
    resolution: 'Backup repeated and verified by a restore.',
  },
  {
    id: 'db-connection', group: 'Database Administration', category: 'database', subcategory: 'oracle', weight: 0.9, impact: [3, 5, 2], urgency: [4, 5, 1], symptom: 'connection',
    en: {
      subjects: ['cannot connect to {db}', 'listener refused connection {db}', 'too many connections on {db}', 'ORA-12541', 'login failed for service user on {db}'],
      details: ['Application {app} shows a white page because of it.', 'Connection pool exhausted, max 300 reached.', 'From {host} only, others are connected.'],
    },
    de: { subjects: ['Keine Verbindung zu {db}'], details: ['Listener antwortet nicht.'] },
    resolution: 'Listener restarted, pool limit raised.',
  },
];
