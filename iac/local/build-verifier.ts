/** `npm run build:verifier -- [FOLDER]`: builds the offline verifier as one file and as one binary, into `dist/` unless told otherwise. Prints both paths. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ROOT } from './config.ts';
import { buildVerifier } from './verifier-build/build-verifier.ts';
import { SingleBinaryError } from './single-binary/errors.ts';
import { VerifierBuildError } from './verifier-build/errors.ts';

try {
  const { script, binary } = await buildVerifier(path.resolve(process.argv[2] ?? path.join(ROOT, 'dist')));
  for (const file of [script, binary]) process.stdout.write(`${file}  ${(await stat(file)).size} bytes\n`);
} catch (error) {
  if (!(error instanceof VerifierBuildError || error instanceof SingleBinaryError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
