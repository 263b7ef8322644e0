import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONNECTORS } from '../registry.ts';
import { AuthorError } from './errors.ts';

const TEMPLATE = fileURLToPath(new URL('../package-template', import.meta.url));
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** `connector new`: a copy of the template under another name. What it makes passes `connector test` as it is. */
export function newPackage(name: string | undefined, dir: string | undefined): boolean {
  if (name === undefined || !NAME.test(name)) {
    const suggestion = (name ?? '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-+$/g, '');
    throw new AuthorError(`${JSON.stringify(name ?? '')} is no name of a connector: lower-case letters, digits and dashes, beginning with a letter${NAME.test(suggestion) ? `, such as ${suggestion}` : ''}.`);
  }
  if (CONNECTORS.some(({ manifest }) => manifest.name === name)) throw new AuthorError(`${name} is a connector that Countersign ships. Choose another name.`);
  const folder = path.resolve(dir ?? name);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new AuthorError(`${folder} exists and is not empty. Choose another folder with --dir, or remove it first.`);
  cpSync(TEMPLATE, folder, { recursive: true });
  renameSync(path.join(folder, 'notes.node-test.ts'), path.join(folder, `${name}.test.ts`));
  rename(folder, name);
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify({ name, private: true, type: 'module' }, null, 2)}\n`);
  writeFileSync(path.join(folder, 'tsconfig.json'), `${JSON.stringify(tsconfig(), null, 2)}\n`);
  process.stdout.write([
    `${folder} is made: note.get reads, entry.add writes after people approved it, sandbox/ is a stand-in to try them against.`, '',
    `Next   countersign connector test ${dir ?? name}`, 'Guide  docs/how-to/write-a-connector.md', '',
  ].join('\n'));
  return true;
}

/** The template is the connector `notes`; only its own name is replaced. */
function rename(folder: string, name: string): void {
  const title = name.split('-').map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join(' ');
  const replaced: ReadonlyArray<readonly [string, string, string]> = [
    ['manifest.yaml', 'name: notes\n', `name: ${name}\n`], ['manifest.yaml', 'title: Notes\n', `title: ${title}\n`],
    ['actions/add-entry.ts', '\'notes/note.get\'', `'${name}/note.get'`],
    ['sandbox/server.ts', '\'x-countersign-sandbox\': \'notes\'', `'x-countersign-sandbox': '${name}'`], ['README.md', '# notes\n', `# ${name}\n`],
  ];
  for (const [file, from, to] of replaced) {
    const at = path.join(folder, file);
    writeFileSync(at, readFileSync(at, 'utf8').replace(from, to));
  }
  rmSync(path.join(folder, 'node_modules'), { recursive: true, force: true });
}

/** For editors and `tsc -p`: where the SDK's types are. Running needs none of it. */
function tsconfig(): object {
  return {
    extends: path.join(CHECKOUT, 'tsconfig.json'),
    compilerOptions: {
      typeRoots: [path.join(CHECKOUT, 'node_modules/@types')],
      paths: Object.fromEntries(['connectors', 'contracts', 'platform'].map((workspace) => [`@countersign/${workspace}/*`, [path.join(CHECKOUT, workspace, '*')]])),
    },
    include: ['.'],
  };
}
