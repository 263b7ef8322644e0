/** Characters of one expression, and of one string that holds some. */
export const MAX_EXPRESSION_CHARACTERS = 2_000;
export const MAX_TEMPLATE_CHARACTERS = 20_000;

/** Shape of the parsed expression. Comprehensions do not nest, so that the work stays linear in the size of the context. */
export const AST_LIMITS = { maxAstNodes: 200, maxDepth: 32, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 } as const;

/** What an expression may give back: UTF-16 units of text plus one per value, and containers inside one another. */
export const MAX_RESULT_SIZE = 1024 * 1024;
export const MAX_RESULT_DEPTH = 32;
