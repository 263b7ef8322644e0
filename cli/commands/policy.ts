import { Command } from 'commander';
import { diff } from '../policy/diff.ts';
import { build, check, makeNew, test } from '../policy/offline.ts';
import { publish } from '../policy/publish.ts';
import { replay } from '../policy/replay.ts';
import { simulate } from '../policy/simulate.ts';

const JSON_OPTION = ['--json', 'print the answer as JSON'] as const;
const FOLDER = ['[dir]', 'a policy\'s folder', '.'] as const;

/** `countersign policy ...`: policy in git, from an empty folder to what is enforced. */
export function policyCommand(): Command {
  const policy = new Command('policy').description('Write, test, release and try policy');
  offlineCommands(policy);
  releaseCommands(policy);
  questionCommands(policy);
  return policy;
}

/** What works without a server, and compiles with the opa of this machine. */
function offlineCommands(policy: Command): void {
  policy.command('new').argument('<dir>').option('--layer <layer>', 'tenant, workspace or environment', 'tenant').option('--packs <names>', 'what it stands on, with commas between (layer tenant)').option(...JSON_OPTION)
    .description('A folder with rules and tests that explains itself').action(makeNew);
  policy.command('check').argument(...FOLDER).option('--fix', 'write the files as opa fmt does').option(...JSON_OPTION)
    .description('Layout, syntax, types, names of the input\'s fields, built-ins').action(check);
  policy.command('test').argument(...FOLDER).option(...JSON_OPTION)
    .description('Its tests, and the lines that none of them evaluates').action(test);
  policy.command('build').argument(...FOLDER).option('-o, --output <file>', 'the bundle', 'bundle.tar.gz').option(...JSON_OPTION)
    .description('An unsigned bundle for stock OPA, on the shipped base and packs').action(build);
}

function releaseCommands(policy: Command): void {
  policy.command('publish').argument(...FOLDER).requiredOption('--environment <name>', 'where it decides from then on').requiredOption('--message <text>', 'what it changes and why')
    .option('--reason <text>', 'of the release (default: the message)').option('--shadow', 'decide beside what is in force, and bind nothing').option('--replay <id>', 'the finished replay that the environment\'s gate asks for').option(...JSON_OPTION)
    .description('Compile it in the control plane, make a version, and put it in force').action(publish);
  policy.command('diff').argument(...FOLDER).option('--environment <name>', 'what is in force there', 'dev').option('--from <version>', 'this version instead').option('--to <version>', 'that version instead of the folder').option(...JSON_OPTION)
    .description('What the folder would change (exit code 1), or what lies between two versions').action(diff);
}

function questionCommands(policy: Command): void {
  policy.command('simulate').argument(...FOLDER).option('--input <file>', 'what policy is asked, as JSON').option('--decision <id>', 'what policy was asked').option('--environment <name>', 'on everything that it has (with --input; default: on the shipped base and packs, on this machine)').option(...JSON_OPTION)
    .description('One question: what the folder would decide, by which lines').action(simulate);
  policy.command('replay').argument(...FOLDER).requiredOption('--environment <name>', 'whose history').option('--days <n>', 'up to now', '30').option('--from <date>').option('--to <date>').option('--reason <text>', 'what the replay is for')
    .option('--max-changed-share <share>', 'from 0 to 1').option('--max-newly-denied-runs <n>').option('--max-extra-approval-minutes <minutes>').option(...JSON_OPTION)
    .description('The folder against the recorded history; exit code 1 above the limits (default: those of the environment\'s gate)').action(replay);
}
