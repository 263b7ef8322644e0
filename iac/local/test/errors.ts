export type TestRunErrorCode = 'test_arguments_invalid' | 'test_opa_missing' | 'test_stage_failed' | 'test_run_interrupted';

/** The test run could not go on. `output` holds what the failing tool said. */
export class TestRunError extends Error {
  override readonly name = 'TestRunError';
  readonly code: TestRunErrorCode;
  readonly output: string;

  constructor(code: TestRunErrorCode, message: string, output = '') {
    super(message);
    this.code = code;
    this.output = output;
  }
}
