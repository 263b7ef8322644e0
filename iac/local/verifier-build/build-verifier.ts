import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { ROOT } from '../config.ts';
import { VerifierBuildError } from './errors.ts';

export interface BuiltVerifier {
  /** One file that needs Node 20 or newer and nothing else. */
  readonly script: string;
  /** One binary that needs nothing. */
  readonly binary: string;
}

const ENTRY = path.join(ROOT, 'cli/evidence/standalone.ts');
/** The pinned Node, which the binary is made of. */
const NODE = path.join(ROOT, 'node_modules/node/bin/node');
/** Puts the bundle into it; its own entry is its API, the program lies beside. */
const POSTJECT = path.join(path.dirname(createRequire(import.meta.url).resolve('postject')), 'cli.js');
/** By this Node finds out that something was put into it (nodejs.org/api/single-executable-applications.html). In two parts, so that no tool finds it here. */
const FUSE = `NODE_SEA${'_FUSE_fce680ab2cc467b6e072b8b5df1996b2'}`;
const BANNER = `/* countersign-verify: verifies evidence of Countersign offline. Apache-2.0. Built from cli/evidence and contracts alone: nobody else's code is in it. */`;

const run = promisify(execFile);

/**
 * Builds the verifier into `folder`: bundled by esbuild, and put into a copy of the local Node by Node's own means. Needs no network: pkg in its
 * mode for this fetches a Node from nodejs.org, and offers no way around it but by modules of its inside.
 * @throws VerifierBuildError
 */
export async function buildVerifier(folder: string): Promise<BuiltVerifier> {
  await mkdir(folder, { recursive: true });
  const script = path.join(folder, 'countersign-verify.mjs');
  await bundle(script, 'esm');
  return { script, binary: await buildBinary(folder) };
}

/** As an ES module for people, as CommonJS for the binary, which takes nothing else. */
async function bundle(outfile: string, format: 'esm' | 'cjs'): Promise<void> {
  const { metafile } = await build({
    entryPoints: [ENTRY], bundle: true, platform: 'node', target: 'node20', format, outfile, metafile: true, legalComments: 'inline', logLevel: 'silent',
    banner: { js: format === 'esm' ? `#!/usr/bin/env node\n${BANNER}` : BANNER },
    absWorkingDir: ROOT,
  }).catch((cause: Error) => {
    throw new VerifierBuildError('verifier_tool_failed', cause.message, { cause });
  });
  const foreign = Object.keys(metafile.inputs).filter((input) => !/^(?:cli\/evidence|contracts)\//.test(input));
  if (foreign.length > 0) throw new VerifierBuildError('verifier_has_dependencies', `The verifier must not depend on ${foreign.join(', ')}: whoever checks it reads cli/evidence and contracts alone.`);
  if (format === 'esm') await chmod(outfile, 0o755);
}

async function buildBinary(folder: string): Promise<string> {
  const binary = path.join(folder, 'countersign-verify');
  const [main, blob, config] = ['verify.cjs', 'verify.blob', 'sea-config.json'].map((name) => path.join(folder, `.${name}`)) as [string, string, string];
  try {
    await bundle(main, 'cjs');
    await writeFile(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true, useSnapshot: false, useCodeCache: false }));
    await tool(NODE, ['--experimental-sea-config', config]);
    await rm(binary, { force: true });
    await copyFile(NODE, binary);
    await chmod(binary, 0o755);
    await tool(NODE, [POSTJECT, binary, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE]);
    return binary;
  } finally {
    await Promise.all([main, blob, config].map((file) => rm(file, { force: true })));
  }
}

async function tool(file: string, args: readonly string[]): Promise<void> {
  await run(file, [...args]).catch((cause: Error & { stderr?: string }) => {
    throw new VerifierBuildError('verifier_tool_failed', `${path.basename(args[0] ?? file)} failed: ${(cause.stderr ?? cause.message).trim().slice(0, 500)}`, { cause });
  });
}
