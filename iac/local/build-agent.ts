/**
 * `npm run build:agent -- [--out FOLDER] [--version V] [--signing-key FILE] [--publisher-key FILE] [--node FILE --platform P]`: builds the agent's binary into `dist/`
 * unless told otherwise, and signs it where there is a key. `--verify FILE --publisher-key FILE` checks one with its signature instead.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { AgentBuildError } from './agent-build/errors.ts';
import { buildAgent, sha256Of } from './agent-build/build-agent.ts';
import { readPublisherKey, readSigningKey, signRelease, verifyRelease } from './agent-build/release.ts';
import { ROOT } from './config.ts';
import { SingleBinaryError } from './single-binary/errors.ts';
import type { AgentRelease } from '@countersign/contracts/agent/release.ts';

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64'];

try {
  const given = readArguments();
  await (given.verify === undefined ? build(given) : verify(given.verify, given['publisher-key']));
} catch (error) {
  if (!(error instanceof AgentBuildError || error instanceof SingleBinaryError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}

type Arguments = { readonly [Name in 'out' | 'version' | 'signing-key' | 'publisher-key' | 'node' | 'platform' | 'verify']?: string | undefined };

function readArguments(): Arguments {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ options: { out: text, version: text, 'signing-key': text, 'publisher-key': text, node: text, platform: text, verify: text } });
    if ((values.node === undefined) !== (values.platform === undefined)) throw new AgentBuildError('arguments_invalid', '--node FILE and --platform P go together: a Node for that platform, and which one it is.');
    if (values.platform !== undefined && !PLATFORMS.includes(values.platform)) throw new AgentBuildError('arguments_invalid', `--platform is one of ${PLATFORMS.join(', ')}.`);
    return values;
  } catch (cause) {
    if (cause instanceof AgentBuildError) throw cause;
    throw new AgentBuildError('arguments_invalid', (cause as Error).message, { cause });
  }
}

async function build({ out = path.join(ROOT, 'dist'), version, node, platform, 'signing-key': signingKey, 'publisher-key': publisherKey = signingKey }: Arguments): Promise<void> {
  const privateKey = signingKey === undefined ? null : await readSigningKey(signingKey);
  const publisher = publisherKey === undefined ? null : await readPublisherKey(publisherKey);
  const { file, release } = await buildAgent({ folder: path.resolve(out), publisher, ...(version === undefined ? {} : { version }), ...(node === undefined || platform === undefined ? {} : { foreign: { node: path.resolve(node), platform } }) });
  process.stdout.write(`${file}  ${release.version} ${release.platform}  ${release.size_bytes} bytes  sha256:${release.sha256}\n`);
  if (platform?.startsWith('darwin') === true) process.stdout.write('macOS runs it once it is signed there: codesign --sign - --force FILE. Then sign the release anew, as its bytes are others.\n');
  if (privateKey === null) return;
  await writeFile(`${file}.dsse`, `${JSON.stringify(await signRelease(release, privateKey))}\n`);
  process.stdout.write(`${file}.dsse\n`);
}

/** That the file beside `file` is its signature, by the key. What is not in the file's bytes is what the signature says: its version and platform. */
async function verify(file: string, publisherKey: string | undefined): Promise<void> {
  if (publisherKey === undefined) throw new AgentBuildError('arguments_invalid', '--verify needs --publisher-key FILE: whose signature to look for.');
  const envelope = JSON.parse(await readFile(`${file}.dsse`, 'utf8')) as { payload: string };
  const said = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8')) as AgentRelease;
  verifyRelease({ ...said, sha256: await sha256Of(file), size_bytes: (await stat(file)).size }, envelope, await readPublisherKey(publisherKey));
  process.stdout.write(`${file}  ${said.version} ${said.platform}  sha256:${said.sha256}  signed by that key\n`);
}
