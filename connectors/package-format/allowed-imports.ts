/** What the code of a package may import besides its own files: the SDK, and what of Node computes and reaches nothing. */
export const SDK_MODULES: Readonly<Record<string, URL>> = Object.fromEntries(
  ['connector', 'errors', 'load-manifest'].map((name) => [`@countersign/connectors/sdk/${name}.ts`, new URL(`../sdk/${name}.ts`, import.meta.url)]),
);
export const NODE_MODULES: readonly string[] = ['node:crypto', 'node:buffer', 'node:util', 'node:url', 'node:querystring', 'node:string_decoder', 'node:assert'];
