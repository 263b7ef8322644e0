import type { ErrorContext } from './error-context.ts';
import { explainBuiltin, explainFunction } from './explain-function.ts';
import { nearest } from './nearest.ts';
import type { OpaError } from './opa-stage.ts';
import { errorAt, NOWHERE, placeOf } from './problems.ts';
import type { FoundProblem } from './problems.ts';
import type { SourcePlace } from './report.ts';
import { fieldSuggestion } from './suggest-field.ts';

type Explain = (error: OpaError, place: SourcePlace, context: ErrorContext) => FoundProblem | null;

/** OPA's errors in words for who writes policy. The first that knows the error speaks; what none knows is passed on as OPA says it. */
const EXPLANATIONS: readonly Explain[] = [explainField, explainBuiltin, explainFunction, explainUnsafe, explainTypes, explainUnused, explainSyntax];

export function explainError(error: OpaError, context: ErrorContext): FoundProblem {
  const place = error.location === undefined ? NOWHERE : placeOf(error.location);
  for (const explain of EXPLANATIONS) {
    const problem = explain(error, place, context);
    if (problem !== null) return problem;
  }
  return errorAt(place, error.code, error.message);
}

interface RefDetails {
  readonly ref?: ReadonlyArray<{ readonly type: string; readonly value: unknown }>;
  readonly pos?: number;
  readonly oneOf?: readonly string[];
  readonly have?: { readonly type?: string };
}

/** A field that the schema does not have. The place is moved to the part of the reference that is wrong. */
function explainField({ message, details }: OpaError, place: SourcePlace, { files, fields }: ErrorContext): FoundProblem | null {
  if (!message.startsWith('undefined ref: ')) return null;
  const { ref = [], pos = 0, oneOf, have } = (details ?? {}) as RefDetails;
  const wrong = oneOf === undefined ? ref[pos + 1] : ref[pos];
  if (wrong?.type !== 'string') return null;
  const name = String(wrong.value);
  const parts = message.slice('undefined ref: '.length).split('.');
  const parent = parts.slice(0, parts.lastIndexOf(name)).join('.') || 'it';
  const at = moveTo(place, name, files);
  if (oneOf === undefined) return errorAt(at, 'unknown_input_field', `${parent} is a ${have?.type ?? 'value'} and has no field ${JSON.stringify(name)}.`);
  return errorAt(at, 'unknown_input_field', `${parent} has no field ${JSON.stringify(name)}.`, fieldSuggestion(name, parent, oneOf, fields));
}

function moveTo(place: SourcePlace, name: string, files: ReadonlyMap<string, string>): SourcePlace {
  const line = (files.get(place.file) ?? '').split('\n')[place.line - 1] ?? '';
  const at = line.indexOf(name, place.column - 1);
  return at < 0 ? place : { ...place, column: at + 1 };
}

function explainUnsafe({ code, message }: OpaError, place: SourcePlace, { modules }: ErrorContext): FoundProblem | null {
  const name = /^var (\S+) is unsafe$/.exec(message)?.[1];
  if (code !== 'rego_unsafe_var_error' || name === undefined) return null;
  const facts = modules.get(place.file);
  const meant = nearest(name, ['input', 'data', ...facts?.ruleNames ?? [], ...facts?.imported ?? []]);
  const words = name.startsWith('_') || name.startsWith('$') ? 'A value here' : `${name}`;
  return errorAt(place, code, `${words} never gets a value, so this cannot be evaluated.`, meant === null
    ? `Give it one first: \`${name} := ...\`, or \`some ${name} in ...\` outside of \`not\`. A text is written in double quotes: ${JSON.stringify(name)}.`
    : `Did you mean ${meant}?`);
}

interface TypeName {
  readonly type?: string;
  /** Of `any`: what it may be. */
  readonly of?: ReadonlyArray<{ readonly type?: string }>;
}

interface TypeDetails {
  readonly a?: TypeName;
  readonly b?: TypeName;
  readonly have?: ReadonlyArray<{ readonly type?: string } | null>;
  readonly want?: { readonly args?: readonly TypeName[] };
}

function explainTypes({ code, message, details }: OpaError, place: SourcePlace): FoundProblem | null {
  if (code !== 'rego_type_error') return null;
  const { a, b, have, want } = (details ?? {}) as TypeDetails;
  if (message === 'match error') return errorAt(place, 'never_equal', `These are never equal: one is ${typeName(a)}, the other ${typeName(b)}.`, 'Compare values of the same type; numbers are written without quotes, texts with double quotes.');
  const called = /^(\S+): (invalid argument\(s\)|arity mismatch)$/.exec(message);
  if (called === null) return null;
  const wanted = (want?.args ?? []).map(typeName);
  const given = (have ?? []).filter((type) => type !== null).map((type) => type?.type ?? 'any');
  return errorAt(place, 'wrong_arguments', `${called[1]} cannot be called with (${given.join(', ')}).`, `It takes (${wanted.slice(0, Math.max(given.length, 1)).join(', ')}).`);
}

function typeName(type: TypeName | undefined): string {
  return Array.isArray(type?.of) ? [...new Set(type.of.map((one) => one.type ?? 'any'))].join(' or ') : type?.type ?? 'anything';
}

function explainUnused({ code, message }: OpaError, place: SourcePlace): FoundProblem | null {
  if (code !== 'rego_compile_error') return null;
  const variable = /^(?:assigned|declared) var (\S+) unused$/.exec(message)?.[1];
  if (variable !== undefined) return errorAt(place, 'unused_variable', `${variable} is never used.`, 'Remove it; or use it: a rule that forgets a condition holds too often.');
  const imported = /^import (\S+) unused$/.exec(message)?.[1];
  if (imported !== undefined) return errorAt(place, 'unused_import', `The import of ${imported} is never used.`, 'Remove it.');
  const argument = /^unused argument (\S+?)\./.exec(message)?.[1];
  if (argument !== undefined) return errorAt(place, 'unused_argument', `The argument ${argument} is never used.`, 'Write _ in its place, or remove it.');
  if (message === 'template-strings are not supported') return errorAt(place, 'builtin_not_allowed', 'Template strings are not allowed in policy.', 'Use concat("", ["...", ...]).');
  return null;
}

/** What people write who come from other languages, or from Rego before version 1. */
const SYNTAX: ReadonlyArray<readonly [message: RegExp, text: RegExp, fix: string]> = [
  [/`if` keyword is required/, /./, 'Write `if` before the braces: `rule if { ... }`.'],
  [/`contains` keyword is required/, /./, 'Write `verdicts contains verdict if { ... }`.'],
  [/unexpected and token/, /&&/, 'Rego has no &&: each line of a body must hold. Write the second condition on a line of its own.'],
  [/unexpected or token/, /\|\|/, 'Rego has no ||: write a second rule of the same name, one for each alternative.'],
  [/illegal token/, /'/, 'Texts are written in double quotes.'],
  [/unexpected if keyword/, /./, 'A body has no `if` in it: each line is a condition. Write a rule of its own for it.'],
  [/unexpected eof token/, /./, 'A bracket, brace or quote that was opened is not closed.'],
  [/package expected/, /./, 'Begin the file with its package, such as `package countersign.tenant`.'],
  [/empty module/, /./, 'Begin the file with its package, such as `package countersign.tenant`, or remove it.'],
  [/non-terminated string/, /./, 'Close it with a double quote on the same line.'],
  [/unexpected \S+ token: non-terminated object/, /./, 'A comma between two members may be missing, or the closing brace.'],
  [/must not shadow input/, /./, 'Use another name.'],
  [/is recursive/, /./, 'A rule cannot use itself, also not through others.'],
];

function explainSyntax({ code, message, details }: OpaError, place: SourcePlace): FoundProblem | null {
  if (code === 'rego_type_error') return null;
  const line = String((details as { readonly line?: string } | null | undefined)?.line ?? ' ');
  const fix = SYNTAX.find(([said, text]) => said.test(message) && text.test(line))?.[2];
  // At the end of a file OPA gives column 0.
  return fix === undefined ? null : errorAt({ ...place, line: Math.max(place.line, 1), column: Math.max(place.column, 1) }, code, message, fix);
}
