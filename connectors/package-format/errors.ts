export type PackageErrorCode = 'package_invalid' | 'package_unsafe' | 'package_name_taken' | 'package_unpublished';

/** Why a package is not taken. Each problem names the file, the line and what to do. */
export class PackageError extends Error {
  readonly code: PackageErrorCode;
  readonly problems: readonly string[];

  constructor(code: PackageErrorCode, problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.name = 'PackageError';
    this.code = code;
    this.problems = problems;
  }
}
