import type { CompileLimits } from './compile-options.ts';

const MIB = 1024 * 1024;

/** What is enough for every policy that a person writes, and little enough that one bad source costs nobody else much. */
export const DEFAULT_LIMITS: CompileLimits = {
  file_bytes: 256 * 1024,
  source_bytes: MIB,
  files: 200,
  data_bytes: 5 * MIB,
  call_ms: 20_000,
  test_ms: 5_000,
  // Go reserves some 700 MiB of addresses before it has used any: measured, this leaves about 500 MiB for opa's own data.
  memory_bytes: 1536 * MIB,
  output_bytes: 32 * MIB,
};
