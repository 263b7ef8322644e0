import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { STATE_MACHINES } from '@countersign/contracts/states/transitions.ts';
import type { StateMachine } from '@countersign/contracts/states/transitions.ts';

/** Writes docs/reference/states.md from the tables; with `--check` it only compares, and exits 1 when they differ. */
const FILE = fileURLToPath(new URL('../../docs/reference/states.md', import.meta.url));

const TITLES = { run: 'Run', step: 'Step', lease: 'Lease', tool_call: 'Tool call', approval: 'Approval', policy_release: 'Policy release', change_request: 'Change request' } as const;

function reference(): string {
  const sections = Object.entries(STATE_MACHINES as Record<string, StateMachine<string>>)
    .map(([name, machine]) => section(TITLES[name as keyof typeof TITLES], machine));
  return `# States and transitions\n\nGenerated from \`contracts/states/transitions.ts\` by \`npm run generate\`. The database refuses every other pair by a foreign key.\n\n${sections.join('\n')}`;
}

function section(title: string, machine: StateMachine<string>): string {
  const arrows = [
    ...machine.initial.map((state) => `    [*] --> ${state}`),
    ...machine.transitions.map(({ from, to }) => `    ${from} --> ${to}`),
    ...machine.terminal.map((state) => `    ${state} --> [*]`),
  ];
  const rows = machine.transitions.map(({ from, to, why }) => `| \`${from}\` | \`${to}\` | ${why} |`);
  return `## ${title}\n\n\`\`\`mermaid\nstateDiagram-v2\n${arrows.join('\n')}\n\`\`\`\n\n| from | to | why |\n|---|---|---|\n${rows.join('\n')}\n`;
}

if (process.argv.includes('--check')) {
  if ((await readFile(FILE, 'utf8').catch(() => '')) !== reference()) {
    process.stderr.write('docs/reference/states.md is not what contracts/states/transitions.ts says. Run: npm run generate\n');
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, reference());
}
