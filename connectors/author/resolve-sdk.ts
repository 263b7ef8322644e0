import { registerHooks } from 'node:module';

/**
 * Lets a package that stands anywhere find the SDK, as its tests and its conformance.ts name it. Imported first by `connector test`, and
 * with `--import` in the processes of the package's own tests.
 */
const PREFIX = '@countersign/connectors/';

registerHooks({
  resolve: (specifier, context, next) => (specifier.startsWith(PREFIX)
    ? { url: new URL(`../${specifier.slice(PREFIX.length)}`, import.meta.url).href, shortCircuit: true }
    : next(specifier, context)),
});
