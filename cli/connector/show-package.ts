import type { Instance } from '../api-client.ts';
import { printTable } from '../output.ts';

/** Instances with what they were approved to run and what is installed. */
export function printInstances(instances: readonly Instance[]): void {
  printTable(['INSTANCE', 'ENVIRONMENT', 'CONNECTOR', 'PINNED', 'INSTALLED', 'STATE'], instances.map((instance) => [
    instance.name, instance.environment, instance.connector, instance.package?.pinned.version ?? '', instance.package?.installed?.version ?? '-', instance.package?.state ?? '',
  ]));
  for (const instance of instances) {
    const line = whatToDo(instance);
    if (line !== null) process.stdout.write(`\n${instance.name}: ${line}\n`);
  }
}

/** What changed in the manifest, what widens the connector's reach first. */
export function printChanges({ package: found }: Instance): void {
  const changes = (found?.changes ?? []).toSorted((a, b) => Number(b.widens) - Number(a.widens));
  if (changes.length === 0) process.stdout.write('The manifest says the same; the code is another.\n');
  for (const { kind, pointer, before, after, widens } of changes) {
    process.stdout.write(`${widens ? '!' : ' '} ${kind.padEnd(8)}${pointer}${[before, after].some((value) => value !== null) ? `   ${before ?? '-'} -> ${after ?? '-'}` : ''}\n`);
  }
}

/** What stops an instance and how it goes on; null where nothing does. */
export function whatToDo({ name, connector, package: found }: Instance): string | null {
  if (found === undefined) return null;
  if (found.state === 'current') return found.approvable === null ? null : `${connector} ${found.approvable.version} is published; it goes on with ${found.pinned.version} until the newer one is approved: countersign connector approve ${name}`;
  if (found.state === 'not_installed') return `no worker has ${connector} loaded; calls are refused. For a package of your own start workers with its folder (--connectors-dir), and again after it was published.`;
  if (found.approvable !== null) {
    const why = found.state === 'unsigned' ? 'its code is not pinned yet' : `calls are refused until ${connector} ${found.approvable.version} is approved`;
    return `${why}: countersign connector approve ${name}`;
  }
  if (found.state === 'unsigned') return 'only the manifest was published, so its code is not pinned.';
  return found.installed?.version === found.pinned.version
    ? `calls are refused: ${connector} was edited without a new version. Raise \`version\` in its manifest.yaml, publish it, and approve it.`
    : `calls are refused: ${connector} ${found.installed?.version ?? ''} is installed, but not published here with these digests. Publish it, then approve it.`;
}
