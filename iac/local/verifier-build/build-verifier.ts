import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../config.ts';
import { writeBinary } from '../single-binary/single-binary.ts';
import { VerifierBuildError } from './errors.ts';

export interface BuiltVerifier {
  /** One file that needs Node 20 or newer and nothing else. */
  readonly script: string;
  /** One binary that needs nothing. */
  readonly binary: string;
}

const ENTRY = path.join(ROOT, 'cli/evidence/standalone.ts');
const BANNER = `/* countersign-verify: verifies evidence of Countersign offline. Apache-2.0. Built from cli/evidence and contracts alone: nobody else's code is in it. */`;

/**
 * Builds the verifier into `folder`: bundled by esbuild, and put into a copy of the local Node.
 * @throws VerifierBuildError, SingleBinaryError
 */
export async function buildVerifier(folder: string): Promise<BuiltVerifier> {
  await mkdir(folder, { recursive: true });
  const [script, binary] = [path.join(folder, 'countersign-verify.mjs'), path.join(folder, 'countersign-verify')];
  await writeFile(script, await bundle('esm'));
  await chmod(script, 0o755);
  await writeBinary(binary, { code: await bundle('cjs') });
  return { script, binary };
}

/** As an ES module for people, as CommonJS for the binary. */
async function bundle(format: 'esm' | 'cjs'): Promise<string> {
  const { metafile, outputFiles } = await build({
    entryPoints: [ENTRY], bundle: true, platform: 'node', target: 'node20', format, write: false, metafile: true, legalComments: 'inline', logLevel: 'silent',
    banner: { js: format === 'esm' ? `#!/usr/bin/env node\n${BANNER}` : BANNER },
    absWorkingDir: ROOT,
  }).catch((cause: Error) => {
    throw new VerifierBuildError('verifier_tool_failed', cause.message, { cause });
  });
  const foreign = Object.keys(metafile.inputs).filter((input) => !/^(?:cli\/evidence|contracts)\//.test(input));
  if (foreign.length > 0) throw new VerifierBuildError('verifier_has_dependencies', `The verifier must not depend on ${foreign.join(', ')}: whoever checks it reads cli/evidence and contracts alone.`);
  return outputFiles[0]!.text;
}
