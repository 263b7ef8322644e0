import { parseArgs } from 'node:util';
import { ConformanceFailure } from '../conformance/failure.ts';
import { PackageError } from '../package-format/errors.ts';
import { AuthorError } from './errors.ts';
import { newKey } from './new-key.ts';
import { newPackage } from './new-package.ts';
import { packPackage } from './pack-package.ts';
import { testPackage } from './test-package.ts';

/**
 * The author's half of `countersign connector`: what needs the SDK and the package's folder, and no server. The command line starts it
 * (decision record 0014).
 */
const COMMANDS: Readonly<Record<string, { readonly usage: string; run(args: readonly string[], options: Readonly<Record<string, string | undefined>>): Promise<boolean> | boolean }>> = {
  new: { usage: 'new NAME [--dir DIR]', run: ([name], { dir }) => newPackage(name, dir) },
  test: { usage: 'test DIR', run: ([folder]) => testPackage(folder) },
  key: { usage: 'key FILE', run: ([file]) => newKey(file) },
  pack: { usage: 'pack DIR --key FILE [--output FILE]', run: ([folder], { key, output }) => packPackage(folder, key, output) },
};

async function main(): Promise<void> {
  const { positionals: [name = '', ...rest], values } = parseArgs({ allowPositionals: true, options: { dir: { type: 'string' }, key: { type: 'string' }, output: { type: 'string', short: 'o' } } });
  const command = COMMANDS[name];
  if (command === undefined || rest.length !== 1) throw new AuthorError(`Usage: countersign connector ${command?.usage ?? `${Object.keys(COMMANDS).join('|')} ...`}`);
  process.exitCode = await command.run(rest, values) ? 0 : 1;
}

await main().catch((error: unknown) => {
  const known = error instanceof AuthorError || error instanceof PackageError || error instanceof ConformanceFailure || (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  if (!known) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
