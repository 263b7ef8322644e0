export type EnrolmentErrorCode =
  /** What was given is no token, or is cut off. */
  | 'token_invalid'
  /** This folder has an agent already. */
  | 'already_enrolled'
  /** This folder has none. */
  | 'not_enrolled'
  /** The certificate has expired: it proves nothing, so it cannot ask for the next. */
  | 'certificate_expired'
  /** What the folder holds does not belong together, or others can read it. */
  | 'identity_unusable'
  /** What the cell gave is not for this agent's keys, or its keys are not signed. */
  | 'enrolment_refused';

/** Why an agent has no identity. */
export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError';
  readonly code: EnrolmentErrorCode;

  constructor(code: EnrolmentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
