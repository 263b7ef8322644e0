export type ChromiumErrorCode = 'chromium_missing' | 'chromium_install_failed';

/** No Chromium for the browser tests. The message says how to get one. */
export class ChromiumError extends Error {
  override readonly name = 'ChromiumError';
  readonly code: ChromiumErrorCode;

  constructor(code: ChromiumErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
