import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { Tools } from './tools.ts';

const ROOT = tmpdir();

it('keeps what a failing tool said', async () => {
  const failing = new Tools(ROOT).run(process.execPath, '-e', "console.log('out'); console.error('err'); process.exit(3)");
  await expect(failing).rejects.toMatchObject({ code: 'test_stage_failed', message: expect.stringContaining('exit code 3'), output: expect.stringMatching(/out[\s\S]*err|err[\s\S]*out/) });
});

it('says so when a tool cannot be run at all', async () => {
  await expect(new Tools(ROOT).run('no-such-tool')).rejects.toMatchObject({ code: 'test_stage_failed', message: expect.stringContaining('no-such-tool') });
});

it('ends what runs when stopped, and starts nothing more', async () => {
  const tools = new Tools(ROOT);
  const endless = tools.runInTerminal(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], {});
  tools.stop();
  await expect(endless).rejects.toMatchObject({ code: 'test_run_interrupted' });
  await expect(tools.run(process.execPath, '--version')).rejects.toMatchObject({ code: 'test_run_interrupted' });
});
