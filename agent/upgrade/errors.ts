export type UpgradeErrorCode =
  /** No signature that is asked for, or over something else than what is offered. */
  | 'release_untrusted'
  /** For another platform, older than what runs, or of a protocol that no cell speaks with this one. */
  | 'release_unsuitable'
  /** What came is not what was signed. */
  | 'release_altered'
  /** The cell offers it no more: its rollout was halted meanwhile. */
  | 'release_withdrawn'
  /** The cell does not have it, or not as it says. */
  | 'release_not_served'
  /** It was started to look whether it can be, and could not. */
  | 'self_test_failed'
  /** It ended again and again before it had shown that it works. */
  | 'did_not_start'
  /** It ran, and did not reach the cell in the time that it had. */
  | 'not_well'
  /** The disk is full, or the folder cannot be written to. */
  | 'versions_unwritable';

/** Why a release is not run here. */
export class UpgradeError extends Error {
  override readonly name = 'UpgradeError';
  readonly code: UpgradeErrorCode;

  constructor(code: UpgradeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
