/** `grantRole` as words: `grant role`. The contract's names say what they do. */
export function operationInWords(operation: string): string {
  return operation.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
