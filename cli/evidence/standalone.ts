/**
 * The verifier by itself: one file that needs Node and nothing else, or one binary that needs nothing. Built by `npm run build:verifier`;
 * the same as `countersign evidence verify`.
 */
import { parseArgs } from 'node:util';
import { reportOn } from './report.ts';

const VERSION = '0.2.0';

const USAGE = `Usage: countersign-verify FILE [options]

Verifies evidence of Countersign (.zip) offline: of a run, or a package.

  --keys FILE           the key set that you trust, as \`countersign keys\` prints it
  --witness KEY         a witness (its verifier key) that must have cosigned; may be repeated
  --expect-tenant ID    the tenant that it must be of
  --members FOLDER      where the runs' evidence lies that a package names and does not hold, as <run>.evidence.zip
  --json                print one JSON object
  --version, --help

Exit code 0 when it holds, 1 when it does not, 2 when something cannot be read or is used wrongly.
`;

// Not awaited at the top: the binary is made of CommonJS, which has no such thing.
void run();

async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2));
}

async function main(args: readonly string[]): Promise<0 | 1 | 2> {
  const parsed = parse(args);
  if (typeof parsed === 'string') return refuse(parsed);
  const { values, positionals } = parsed;
  if (values.version === true || values.help === true) return print(values.help === true ? USAGE : `countersign-verify ${VERSION}\n`);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) return refuse('Give one file.');
  const { exitCode, data, talk } = await reportOn(file, {
    json: values.json === true, witness: values.witness ?? [],
    ...(values.keys === undefined ? {} : { keys: values.keys }), ...(values['expect-tenant'] === undefined ? {} : { expectTenant: values['expect-tenant'] }),
    ...(values.members === undefined ? {} : { members: values.members }),
  });
  process.stdout.write(data);
  if (talk !== '') process.stderr.write(`${talk}\n`);
  return exitCode;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args], allowPositionals: true,
      options: {
        keys: { type: 'string' }, witness: { type: 'string', multiple: true }, 'expect-tenant': { type: 'string' }, members: { type: 'string' },
        json: { type: 'boolean' }, version: { type: 'boolean' }, help: { type: 'boolean' },
      },
    });
  } catch (error) {
    return (error as Error).message;
  }
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

function refuse(message: string): 2 {
  process.stderr.write(`${message}\n\n${USAGE}`);
  return 2;
}
