import { exampleInput, inputFields } from './fields.ts';
import type { FieldSchema, InputField } from './fields.ts';

const HEAD = `<!-- Written by policies/input-reference/write.ts from contracts/policy/input.schema.json: change that file, then run "npm run generate". -->

# What policy is told of a call

In Rego this is \`input\`. Fields that are not here do not exist: \`opa check --schema\`, the console and \`countersign policy check\` refuse a misspelt one.
A field that is **optional** may be absent, and a rule that compares with an absent field says nothing; \`counters\` and \`budget\` are there exactly
where a rule reads them, and where they cannot be had the call is denied (\`facts_unavailable\`).

What the decision log keeps of an input is marked **kept**. All else is content: it is erased from the log's readable copy, except for the parameters that the
tenant's data names in \`decision_log.keep\`.

Labels that the platform gives: \`configuration\` and \`trusted_system\`, which the base trusts, and \`ticket_text\`, \`model_output\` and \`hidden_characters\`,
which it does not. Any other label counts as untrusted. The pointer \`""\` speaks of the call itself: who chose that it is made.
`;

/** docs/reference/policy-input.md: a section for each field at the top, with all that is in it, and one whole example. */
export function renderInputReference(): string {
  const fields = inputFields();
  const sections = fields.filter(({ path }) => !/[.[]/.test(path)).map((field) => section(field, fields));
  return `${[HEAD, ...sections, `## A whole example\n\n\`\`\`json\n${JSON.stringify(exampleInput(), null, 2)}\n\`\`\``].join('\n')}\n`;
}

function section(field: InputField, fields: readonly InputField[]): string {
  const within = fields.filter(({ path }) => path.startsWith(`${field.path}.`) || path.startsWith(`${field.path}[]`));
  const rows = (field.isContainer ? within : [field]).map(row);
  const about = field.isContainer ? `${[field.isOptional ? 'Optional.' : '', sentence(field.schema.description)].filter((part) => part !== '').join(' ')}\n\n` : '';
  return `## ${field.path}\n\n${about.trimStart()}| Field | Type | Meaning | Example | Log |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function row({ path, schema, isOptional, isContainer }: InputField): string {
  const meaning = [isOptional ? 'Optional.' : '', sentence(schema.description), schema.enum === undefined ? '' : `One of ${schema.enum.map((value) => `\`${value}\``).join(', ')}.`];
  const example = schema.examples?.[0] === undefined ? '' : `\`${JSON.stringify(schema.examples[0])}\``;
  return `| ${[`\`${path}\``, typeOf(schema), meaning.filter((part) => part !== '').join(' '), example, keptOf(schema, isContainer)].map(cell).join(' | ')} |`;
}

function typeOf(schema: FieldSchema): string {
  const types = [schema.type ?? []].flat().join(' or ');
  const { minimum, maximum } = schema;
  if (minimum === undefined) return types;
  return maximum === undefined ? `${types}, from ${minimum}` : `${types}, ${minimum} to ${maximum}`;
}

function keptOf(schema: FieldSchema, isContainer: boolean): string {
  if (isContainer) return '';
  return schema['x-keep'] === true ? 'kept' : 'erased';
}

function sentence(text = ''): string {
  return text === '' || text.endsWith('.') ? text : `${text}.`;
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
