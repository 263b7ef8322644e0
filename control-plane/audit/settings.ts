/** How the audit is kept. */
export interface AuditSettings {
  /** Between two checkpoints of a chain that grows. */
  readonly checkpoint_s: number;
  /** How long notes and evidence are locked in the object store; 0: not at all. */
  readonly objectLock_days: number;
  /** The file that names the witnesses of every tenant; null: the cell has none of its own. */
  readonly witnessesFile: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `whole` reads a variable that is a whole number and says what is wrong with one that is not. */
export function readAuditSettings(env: Environment, whole: (name: string, otherwise: number, least: number, most: number) => number): AuditSettings {
  return {
    checkpoint_s: whole('COUNTERSIGN_CHECKPOINT_SECONDS', 60, 1, 3_600),
    // A folder can only refuse: a lock is what S3 is for.
    objectLock_days: whole('COUNTERSIGN_OBJECT_LOCK_DAYS', (env['COUNTERSIGN_OBJECTS_S3_BUCKET'] ?? '') === '' ? 0 : 365, 0, 36_500),
    witnessesFile: env['COUNTERSIGN_WITNESSES'] || null,
  };
}
