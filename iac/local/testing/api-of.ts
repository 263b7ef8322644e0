import { CellApi } from '../cell/cell-api.ts';
import { SandboxClient } from '../demo/sandbox-client.ts';
import type { CellUnderTest } from './cell-under-test.ts';

/** The cell's API and its sandbox, as the launcher's own key and the sandbox's admin see them. */
export async function apiOf(cell: CellUnderTest): Promise<{ api: CellApi; sandbox: SandboxClient; url: string }> {
  const state = await cell.state();
  return { api: new CellApi(state.url, state.api_key), sandbox: new SandboxClient(state.sandbox_url, state.sandbox_admin_password), url: state.url };
}

/** Asks every 100 ms until there is an answer; the test's own time-out ends it. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}
