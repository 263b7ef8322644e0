/** What is said about the mistakes that people make, with the real opa. */
import { expect, test } from 'vitest';
import { compileTenant, deny } from './testing.ts';

/** The first error of a rule that has these conditions, or of a whole source. */
async function firstError(conditions: readonly string[] | string): Promise<string> {
  const { ok, problems } = await compileTenant({ 'tenant.rego': typeof conditions === 'string' ? conditions : deny(conditions) }, { data: { late: 18, vip: ['a'] } });
  const error = problems.find(({ severity }) => severity === 'error');
  expect(ok).toBe(false);
  return `${error?.line}:${error?.column} ${error?.code}: ${error?.message} ${error?.fix ?? ''}`.trim();
}

test.each<[mistake: string, conditions: readonly string[], said: string]>([
  ['a misspelt field', ['input.local_tme.hour > 17'], '4:8 unknown_input_field: input has no field "local_tme". Did you mean input.local_time?'],
  ['a misspelt field within', ['input.local_time.our > 17'], '4:19 unknown_input_field: input.local_time has no field "our". Did you mean input.local_time.hour?'],
  ['a field of another place', ['input.risk == "write"'], '4:8 unknown_input_field: input has no field "risk". Did you mean input.action.risk or input.call.within.risk?'],
  ['a field of an element', ['some approval in input.approvals', 'approval.stat == "approved"'], '5:11 unknown_input_field: approval has no field "stat". Did you mean approval.state?'],
  ['a field of a text', ['input.action.risk.level == 1'], '4:20 unknown_input_field: input.action.risk is a string and has no field "level".'],
  ['a value that is none', ['input.action.risk == "wirte"'], '4:23 unknown_value: input.action.risk is never "wirte". Did you mean "write"?'],
  ['a value that is none in a set', ['input.local_time.weekday in {"saturday", "sun"}'], '4:43 unknown_value: input.local_time.weekday is never "sun". Did you mean "sunday"?'],
  ['types that differ', ['input.local_time.hour == "17"'], '4:2 never_equal: These are never equal: one is number, the other string. Compare values of the same type; numbers are written without quotes, texts with double quotes.'],
  ['a misspelt input', ['inptu.action.risk == "write"'], '4:2 rego_unsafe_var_error: inptu never gets a value, so this cannot be evaluated. Did you mean input?'],
  ['a text without quotes', ['input.action.risk == write'], '4:2 rego_unsafe_var_error: write never gets a value, so this cannot be evaluated. Give it one first: `write := ...`, or `some write in ...` outside of `not`. A text is written in double quotes: "write".'],
  ['the network', ['http.send({"url": "x", "method": "get"}).status_code == 200'], '4:2 builtin_not_allowed: http.send is not allowed in policy: policy reaches no network. Put what it needs to know into the layer\'s data.json, and publish it anew when it changes.'],
  ['the clock', ['time.now_ns() > 3'], '4:2 builtin_not_allowed: time.now_ns is not allowed in policy: a decision must come out the same when it is asked again. Use input.time, or input.local_time.hour, .minute, .weekday and .date on the tenant\'s clocks.'],
  ['sprintf', ['sprintf("%s", ["x"]) == "x"'], '4:2 builtin_not_allowed: sprintf is not allowed in policy: its answers are not the same everywhere that policy runs. Use concat("", ["...", value, ...]) with texts. A number has no text here: keep it out of the message.'],
  ['print', ['print("x")'], '4:2 builtin_not_allowed: print is not allowed in policy: what policy prints goes nowhere. Use print in tests alone.'],
  ['a built-in without advice', ['crypto.md5("x") == "x"'], '4:2 builtin_not_allowed: crypto.md5 is not allowed in policy. policies/allowed-builtins.ts lists what is.'],
  ['an import that is missing', ['approvals.countersigned_by(1)'], '4:2 unknown_function: There is no function approvals.countersigned_by. Add `import data.countersign.approvals` at the top of the file.'],
  ['a misspelt built-in', ['startwith(input.action.name, "x")'], '4:2 unknown_function: There is no function startwith. Did you mean startswith?'],
  ['a misspelt function', ['data.countersign.approvals.countersignd_by(1)'], '4:2 unknown_reference: There is no countersignd_by in data.countersign.approvals. Did you mean data.countersign.approvals.countersigned_by?'],
  ['a rule that is not there', ['data.countersign.approvals.coverin == 1'], '4:2 unknown_reference: There is no coverin in data.countersign.approvals. Did you mean data.countersign.approvals.covering?'],
  ['data of elsewhere', ['data.lists.vip == 1'], '4:2 unknown_reference: There is nothing at data.lists.vip: policy sees data.countersign alone. The layer\'s own data.json is at data.countersign.config.tenant.'],
  ['arguments of another type', ['startswith(input.action.name, 3)'], '4:2 wrong_arguments: startswith cannot be called with (string, number). It takes (string, string).'],
  ['a variable that is not used', ['hour := input.local_time.hour'], '4:2 unused_variable: hour is never used. Remove it; or use it: a rule that forgets a condition holds too often.'],
  ['&&', ['input.action.risk == "write" && true'], '4:32 rego_parse_error: unexpected and token Rego has no &&: each line of a body must hold. Write the second condition on a line of its own.'],
  ['||', ['input.action.risk == "write" || true'], '4:32 rego_parse_error: unexpected or token Rego has no ||: write a second rule of the same name, one for each alternative.'],
  ['single quotes', ['input.action.risk == \'write\''], '4:23 rego_parse_error: illegal token Texts are written in double quotes.'],
  ['a template string', ['$"{input.action.name}" == "x"'], '4:2 builtin_not_allowed: Template strings are not allowed in policy. Use concat("", ["...", ...]).'],
])('%s', async (_, conditions, said) => {
  expect(await firstError(conditions)).toBe(said);
});

const VERDICT = deny(['input.action.risk == "write"']);

test.each<[mistake: string, source: string, said: string]>([
  ['another layer\'s package', VERDICT.replace('countersign.tenant', 'countersign.base'), '1:9 package_outside_layer: A source of the layer tenant cannot be in the package countersign.base. Write `package countersign.tenant`, or a package beneath it such as `countersign.tenant.lists`.'],
  ['a package like the layer\'s', VERDICT.replace('countersign.tenant', 'countersign.tenants'), '1:9 package_outside_layer: A source of the layer tenant cannot be in the package countersign.tenants. Write `package countersign.tenant`, or a package beneath it such as `countersign.tenant.lists`.'],
  ['another layer\'s rule', VERDICT.replace('tenant/late', 'base/late'), '7:11 rule_outside_layer: The rule "base/late" is not named after its layer. Call it "tenant/late".'],
  ['an outcome that is none', VERDICT.replace('"DENY"', '"DENIED"'), '6:14 unknown_outcome: "DENIED" is no outcome. Did you mean "DENY"?'],
  ['no message', VERDICT.replace('\t\t"message": "Too late",\n', ''), '5:13 incomplete_verdict: The verdict has no "message". A verdict is {"outcome", "rule", "message", "obligations"}.'],
  ['a member that is none', VERDICT.replace('"obligations": {},', '"obligations": {},\n\t\t"mod": "shadow",'), '10:10 unknown_verdict_field: A verdict has no "mod". Did you mean "mode"?'],
  ['a mode that is none', VERDICT.replace('"obligations": {},', '"obligations": {},\n\t\t"mode": "shadw",'), '10:11 unknown_mode: "shadw" is no mode. Did you mean "shadow"?'],
  ['an obligation that is none', VERDICT.replace('"obligations": {}', '"obligations": {"require_votes": 2}'), '9:36 unknown_obligation: There is no obligation "require_votes". Did you mean "required_votes"?'],
  ['an obligation of another outcome', VERDICT.replace('"obligations": {}', '"obligations": {"required_votes": 2}'), '9:37 misplaced_obligation: DENY has no obligation "required_votes"; such a verdict is a denial. It has: caps, redactions.'],
  ['a throttle without a time', VERDICT.replace('"DENY"', '"THROTTLE"'), '9:18 missing_obligation: A THROTTLE does not say when to try again. Add "retry_after_ms": 60000, or "rate": {"count": 10, "per_ms": 60000}.'],
  ['a route without a target', VERDICT.replace('"DENY"', '"ROUTE"'), '9:18 missing_obligation: A ROUTE does not say where to. Add "target": "connector/model", "instance:name" or "agent:pool", and name it in the tenant\'s route_targets.'],
  ['no if', VERDICT.replace('verdict if {', 'verdict {'), '3:1 rego_parse_error: `if` keyword is required before rule body Write `if` before the braces: `rule if { ... }`.'],
  ['no contains', VERDICT.replace('verdicts contains verdict if {', 'verdicts[verdict] if {'), '3:1 verdicts_not_a_set: `verdicts[...] if` makes an object, and its verdicts are not seen. Write `verdicts contains verdict if { ... }`.'],
  ['an open brace', VERDICT.slice(0, -3), '10:2 rego_parse_error: unexpected eof token'],
  ['a schema of its own', `# METADATA\n# scope: package\n# schemas:\n#   - input: {"$ref": "file:///etc/hostname"}\n${VERDICT}`, '1:1 schema_annotation: Annotations with `schemas` are not taken: every source is checked against the schema of the input. Remove `schemas` from the METADATA comment.'],
])('%s (source)', async (_, source, said) => {
  expect(await firstError(source)).toContain(said);
});

test('an import that is not used, a name of data that is not there, an allowance that grants nothing, nothing said at all', async () => {
  const { problems } = await compileTenant({ 'tenant.rego': VERDICT.replace('\n\n', '\n\nimport data.countersign.approvals\n\n').replace('input.action.risk == "write"', 'input.local_time.hour > data.countersign.config.tenant.lat') }, { data: { late: 3 } });
  expect(problems.map(({ code, severity, fix }) => [code, severity, fix])).toEqual([['unused_import', 'error', 'Remove it.'], ['unknown_data', 'warning', 'Did you mean data.countersign.config.tenant.late?']]);
  const silent = await compileTenant({ 'tenant.rego': 'package countersign.tenant\n\ndeny if input.action.risk == "write"\n' });
  expect(silent).toMatchObject({ ok: false, problems: [{ code: 'no_verdicts', severity: 'error' }] });
});

test('every problem of a round is told at once', async () => {
  const { problems } = await compileTenant({ 'tenant.rego': deny(['input.local_tme.hour > 1', 'time.now_ns() > 3', 'approvals.countersigned_by(1)', 'input.action.risk == "x"'], 'late') });
  expect(problems.map(({ code }) => code)).toEqual(['unknown_input_field', 'builtin_not_allowed', 'unknown_function', 'unknown_value', 'rule_outside_layer']);
});
