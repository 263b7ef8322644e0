import { EVERY_ROLE, OPEN_TO_ANY_SCOPE, OPERATION_PERMISSION, PERMISSION_NAMES, rolesWith, SECOND_PERSON_OPERATIONS } from '@countersign/contracts/openapi/permissions.ts';
import type { OperationId, OperationNeed } from '@countersign/contracts/openapi/permissions.ts';
import type { ContractOperation } from '../http/contract.ts';

/** The page of the documentation that says who may call what, made from the table that policy judges by. */
export function renderPermissionReference(operations: readonly ContractOperation[]): string {
  const calls = (need: OperationNeed): string[] => operations.filter(({ id }) => OPERATION_PERMISSION[id as OperationId] === need).map(callOf);
  return [
    '<!-- Written by platform/tidy/write-permission-reference.ts from contracts/openapi/permissions.ts: change that file, then run "npm run generate". -->',
    '',
    '# Permissions of the API',
    '',
    'Every operation asks for one permission, which somebody holds in a workspace by a role. Roles of your own, and the scopes of keys and tokens, are made of the same names',
    '([how to](../how-to/make-roles-of-your-own.md)). Who is let in is decided by policy, from this table and from what a tenant demands on top: a second person, a stronger or a fresher sign-in',
    '([why](../decisions/0035-the-api-asks-the-same-policy-engine.md)). What concerns the whole tenant asks for the permission in its home workspace.',
    '',
    '`*` marks what can wait for a second person, where the tenant says so.',
    '',
    `| Permission | ${EVERY_ROLE.join(' | ')} | What it allows |`,
    `|---|${EVERY_ROLE.map(() => ':-:').join('|')}|---|`,
    ...PERMISSION_NAMES.map((name) => `| \`${name}\` | ${EVERY_ROLE.map((role) => (rolesWith(name).includes(role) ? 'yes' : '')).join(' | ')} | ${allowed(calls(name))} |`),
    '',
    ...section('Everybody who is signed in', `They do what concerns whoever asks, or look at more than this table. A key or token with scopes reaches ${OPEN_TO_ANY_SCOPE.map((id) => `\`${id}\``).join(', ')} and none of the others.`, calls('signed_in')),
    ...section('Whoever operates the cell', 'With the key of the cell. To everybody else there are no such paths.', calls('cell')),
    ...section('Everybody', 'They check by themselves who is asking: by a token, a signature, or what a sign-in shows.', calls('public')),
  ].join('\n');
}

const SECOND_PERSON: ReadonlySet<string> = new Set(SECOND_PERSON_OPERATIONS);

function callOf({ id, method, path }: ContractOperation): string {
  return `\`${method.toUpperCase()} ${path}\` (${id}${SECOND_PERSON.has(id) ? '*' : ''})`;
}

/** Some permissions are asked for beside an operation's own, by what it shows or whom it is about. */
function allowed(calls: readonly string[]): string {
  return calls.length === 0 ? 'more in what other operations show or are about' : calls.join('<br>');
}

function section(title: string, text: string, calls: readonly string[]): string[] {
  return [`## ${title}`, '', text, '', ...calls.map((call) => `- ${call}`), ''];
}
