import type { ErrorContext } from './error-context.ts';
import type { ModuleFacts } from './module-facts.ts';
import { nearest } from './nearest.ts';
import type { OpaError } from './opa-stage.ts';
import { errorAt } from './problems.ts';
import type { FoundProblem } from './problems.ts';
import type { SourcePlace } from './report.ts';

/** What to do without a built-in that policy may not use. By its name or by what it begins with. */
const INSTEAD: ReadonlyArray<readonly [prefix: string, reason: string, fix: string]> = [
  ['http.send', 'policy reaches no network', 'Put what it needs to know into the layer\'s data.json, and publish it anew when it changes.'],
  ['net.lookup_ip_addr', 'policy reaches no network', 'Put the addresses into the layer\'s data.json and use net.cidr_contains.'],
  ['time.now_ns', 'a decision must come out the same when it is asked again', 'Use input.time, or input.local_time.hour, .minute, .weekday and .date on the tenant\'s clocks.'],
  ['time.', 'its answers are not the same everywhere that policy runs', 'Use input.local_time.hour, .minute, .weekday and .date; dates written YYYY-MM-DD compare as texts.'],
  ['rand.', 'a decision must come out the same when it is asked again', 'Decide by a field of the input.'],
  ['uuid.', 'a decision must come out the same when it is asked again', 'Use an id of the input, such as input.call.id.'],
  ['opa.runtime', 'policy knows nothing of the process that it runs in', 'Put what it needs to know into the layer\'s data.json.'],
  ['sprintf', 'its answers are not the same everywhere that policy runs', 'Use concat("", ["...", value, ...]) with texts. A number has no text here: keep it out of the message.'],
  ['regex.', 'its answers are not the same everywhere that policy runs', 'Use startswith, endswith, contains, or split, and lists in data.json.'],
  ['glob.', 'its answers are not the same everywhere that policy runs', 'Use startswith, endswith, contains, or split, and lists in data.json.'],
  ['lower', 'its answers are not the same everywhere that policy runs', 'Compare with every spelling that counts: `x in {"a", "A"}`.'],
  ['upper', 'its answers are not the same everywhere that policy runs', 'Compare with every spelling that counts: `x in {"a", "A"}`.'],
  ['print', 'what policy prints goes nowhere', 'Use it in tests alone.'],
  ['internal.print', 'what policy prints goes nowhere', 'Use print in tests alone.'],
];

/** A function that OPA has and policy may not use: it would read the world, or answer otherwise in JavaScript than in OPA. */
export function explainBuiltin(error: OpaError, place: SourcePlace, { builtins, allowed }: ErrorContext): FoundProblem | null {
  const name = undefinedFunction(error);
  if (name === null || !builtins.has(name) || allowed.has(name)) return null;
  const instead = INSTEAD.find(([prefix]) => name.startsWith(prefix));
  const shown = name.replace('internal.', '');
  if (instead === undefined) return errorAt(place, 'builtin_not_allowed', `${shown} is not allowed in policy.`, 'policies/allowed-builtins.ts lists what is.');
  return errorAt(place, 'builtin_not_allowed', `${shown} is not allowed in policy: ${instead[1]}.`, instead[2]);
}

/** A function that nobody has: misspelt, or its import is missing. */
export function explainFunction(error: OpaError, place: SourcePlace, { modules, allowed }: ErrorContext): FoundProblem | null {
  const name = undefinedFunction(error);
  if (name === null) return null;
  const all = [...modules.values()];
  return errorAt(place, 'unknown_function', `There is no function ${name}.`, missingImport(name, all) ?? misspelt(name, all, allowed) ?? 'policies/allowed-builtins.ts lists the built-in ones.');
}

function undefinedFunction({ message }: OpaError): string | null {
  return /^undefined function (\S+)$/.exec(message)?.[1] ?? null;
}

/** `approvals.countersigned` without `import data.countersign.approvals`. */
function missingImport(name: string, modules: readonly ModuleFacts[]): string | null {
  const [first = '', ...rest] = name.split('.');
  if (first === 'data' || rest.length === 0) return null;
  const meant = modules.find((facts) => facts.package.split('.').at(-1) === first);
  return meant === undefined ? null : `Add \`import data.${meant.package}\` at the top of the file.`;
}

function misspelt(name: string, modules: readonly ModuleFacts[], allowed: ReadonlySet<string>): string | null {
  const own = modules.flatMap((facts) => [...facts.ruleNames].map((rule) => `data.${facts.package}.${rule}`));
  const meant = nearest(name, name.startsWith('data.') ? own : allowed);
  return meant === null ? null : `Did you mean ${meant}?`;
}
