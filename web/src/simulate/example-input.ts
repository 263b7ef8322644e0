interface SchemaNode {
  type?: string | readonly string[];
  examples?: readonly unknown[];
  required?: readonly string[];
  properties?: Readonly<Record<string, SchemaNode>>;
}

/** A document with everything that the schema requires, made of the schema's own examples: something to begin with. */
export function exampleOf(schema: SchemaNode): unknown {
  if (schema.examples !== undefined && schema.examples.length > 0) return schema.examples[0];
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type ?? [];
  if (types.includes('null')) return null;
  if (types.includes('array')) return [];
  return Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name) === true).map(([name, node]) => [name, exampleOf(node)]));
}
