import { fileURLToPath } from 'node:url';
import { GENERATED_FILES } from '@countersign/platform/tidy/generated-files.ts';
import { Tools } from './tools.ts';
import { StageReport } from './report.ts';

/** `npm run generate`: writes every generated file that is committed anew. */
const tools = new Tools(fileURLToPath(new URL('../../..', import.meta.url)));
const report = new StageReport((text) => process.stdout.write(text));

for (const { files, command } of GENERATED_FILES) {
  await report.stage(files.join(', '), () => tools.run(...command));
}
process.exitCode = report.failed.length === 0 ? 0 : 1;
