import type { BundledParts } from './parts.ts';

/** What `agent/deps.txt` says: a change of what the binary holds is seen by whoever reviews it. */
export function dependencyList({ packages, builtins, folders }: BundledParts, node_version: string): string {
  return [
    '# What the binary of the agent holds, and who pulled it in. Written by `npm run generate`.',
    `Node ${node_version}`,
    '',
    '## Packages of npm',
    ...aligned(packages.map(({ name, version, pulledInBy }) => [`${name}@${version}`, pulledInBy])),
    '',
    '## Modules of Node',
    ...aligned([...builtins]),
    '',
    '## Ours',
    ...folders.keys(),
    '',
  ].join('\n');
}

function aligned(rows: ReadonlyArray<readonly [what: string, by: readonly string[]]>): string[] {
  const width = Math.max(...rows.map(([what]) => what.length));
  return rows.map(([what, by]) => `${what.padEnd(width)}  <- ${by.join(', ')}`.trimEnd());
}
