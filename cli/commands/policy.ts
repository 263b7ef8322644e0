import { Command } from 'commander';
import { build, check, makeNew, test } from '../policy/offline.ts';

const JSON_OPTION = ['--json', 'print the answer as JSON'] as const;

/** `countersign policy ...`: policy in git, from an empty folder to what is enforced. */
export function policyCommand(): Command {
  const policy = new Command('policy').description('Write, test, release and try policy');
  offlineCommands(policy);
  return policy;
}

/** What works without a server, and compiles with the opa of this machine. */
function offlineCommands(policy: Command): void {
  policy.command('new').argument('<dir>').option('--layer <layer>', 'tenant, workspace or environment', 'tenant').option('--packs <names>', 'what it stands on, with commas between (layer tenant)').option(...JSON_OPTION)
    .description('A folder with rules and tests that explains itself').action(makeNew);
  policy.command('check').argument('[dir]', 'a policy\'s folder', '.').option('--fix', 'write the files as opa fmt does').option(...JSON_OPTION)
    .description('Layout, syntax, types, names of the input\'s fields, built-ins').action(check);
  policy.command('test').argument('[dir]', 'a policy\'s folder', '.').option(...JSON_OPTION)
    .description('Its tests, and the lines that none of them evaluates').action(test);
  policy.command('build').argument('[dir]', 'a policy\'s folder', '.').option('-o, --output <file>', 'the bundle', 'bundle.tar.gz').option(...JSON_OPTION)
    .description('An unsigned bundle for stock OPA, on the shipped base and packs').action(build);
}
