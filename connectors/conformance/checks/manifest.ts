import type { JsonSchema } from '@countersign/contracts/connectors/manifest.ts';
import { schemaAt } from '@countersign/contracts/connectors/schema-pointer.ts';
import type { Bench } from '../bench.ts';
import { demand } from '../failure.ts';
import { actionsOf, writesOf } from './check.ts';
import type { Check } from './check.ts';

/** What can be seen without calling anything: manifest and code say the same, schemas say all they know. */
export function manifestChecks(bench: Bench): Check[] {
  const { connector } = bench;
  return [
    {
      name: 'manifest: every action has code, and all code is in the manifest',
      run: async () => {
        const declared = Object.keys(connector.manifest.actions);
        const coded = Object.keys(connector.actions);
        demand(declared.every((name) => coded.includes(name)), `connector.ts lacks ${declared.filter((name) => !coded.includes(name)).join(', ')}, which the manifest declares.`);
        demand(coded.every((name) => declared.includes(name)), `connector.ts has ${coded.filter((name) => !declared.includes(name)).join(', ')}, which the manifest does not declare.`);
        for (const name of declared) bench.subjectOf(name);
      },
    },
    {
      name: 'manifest: a write has `prepare`, and `reconcile` where sending it twice would do it twice',
      run: async () => {
        for (const [name, manifest] of writesOf(bench)) {
          const { prepare, reconcile } = connector.actions[name]!;
          demand(prepare !== undefined, `${name} is a ${manifest.risk} without \`prepare\`, so nobody could see what it sends. Add \`prepare\` to the action's file: it reads, resolves, and returns the exact values with a preview.`);
          demand(manifest.reconcile === (reconcile !== undefined), `${name}: the manifest says \`reconcile: ${manifest.reconcile}\`, the code ${reconcile === undefined ? 'has none' : 'has one'}.`);
          demand(manifest.idempotent || manifest.reconcile, `${name} is neither idempotent nor reconciled: after a lost answer nobody could tell whether it happened. Add \`reconcile\`, or make it idempotent.`);
          demand(bench.subjectOf(name).effects !== undefined, `conformance.ts counts no effects for ${name}. Add \`effects\`, which counts them in the stand-in's own records.`);
        }
      },
    },
    {
      name: 'manifest: parameters and outputs are closed, or say that they are open',
      run: async () => {
        for (const [name, { parameters, output }] of actionsOf(bench)) {
          for (const [what, schema] of [['parameters', parameters], ['output', output]] as const) {
            demand(schema['additionalProperties'] !== undefined || schema['unevaluatedProperties'] !== undefined, `/actions/${name}/${what} says nothing of fields that it does not name. Add \`additionalProperties: false\` (or \`true\`, if it is meant).`);
          }
        }
      },
    },
    {
      name: 'manifest: redactions point at something that the output can hold',
      run: async () => {
        for (const [name, { output, redact }] of actionsOf(bench)) {
          for (const pointer of redact) {
            demand(schemaAt(output, pointer) !== null, `/actions/${name}/redact: ${pointer} hits nothing in the output's schema, which has ${fieldsOf(output)}. Mend the pointer (\`-\` stands for every element of a list).`);
          }
        }
      },
    },
  ];
}

function fieldsOf(schema: JsonSchema): string {
  const properties = schema['properties'];
  return typeof properties === 'object' && properties !== null ? Object.keys(properties).map((name) => `/${name}`).join(', ') : 'no fields';
}
