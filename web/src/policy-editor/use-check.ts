import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, dataOf, type Schemas } from '../api/client.ts';
import { DATA_FILE, readData, type WorkingCopy } from './working-copy.ts';
import { reportOfLayer, type CheckReport } from './check-report.ts';
import type { Layer } from './policy-layer.ts';

/** What was checked, and what came of it. */
export interface Checked {
  copy: WorkingCopy;
  report: CheckReport;
  /** Null where it was not sent: its data is no JSON. */
  draft: Schemas['PolicyDraft'] | null;
}

interface CheckWish {
  copy: WorkingCopy;
  environmentId: string;
}

/** Sends a copy to be compiled and tested; it becomes a draft, valid or not. */
export function useCheck({ layer, kind }: Layer, onChecked: (checked: Checked) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async ({ copy, environmentId }: CheckWish): Promise<Checked> => {
      const read = readData(copy);
      if ('problem' in read) return { copy, report: reportOfData(read.problem), draft: null };
      const draft = await dataOf(api.POST('/api/v1/policies/{layer}/drafts', {
        params: { path: { layer } },
        body: { files: { ...copy.files }, data: read.data, environment_id: environmentId, ...(copy.packs === null ? {} : { packs: [...copy.packs] }) },
      }));
      queryClient.setQueryData(['policy-draft', draft.id], draft);
      return { copy, report: reportOfLayer(draft.report, kind), draft };
    },
    onSuccess: (checked) => {
      onChecked(checked);
      void queryClient.invalidateQueries({ queryKey: ['policy', 'drafts', layer] });
    },
  });
}

function reportOfData(message: string): CheckReport {
  const problem = { code: 'data_is_no_json', severity: 'error' as const, file: DATA_FILE, line: 1, column: 0, text: '', message };
  return { ok: false, problems: [problem], formatted: {}, tests: [], coverage: null, rules: {}, reads: [], opa_version: '', took_ms: 0 };
}
