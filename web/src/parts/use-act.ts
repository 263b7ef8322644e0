import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { toastDone, toastProblem } from './toast.tsx';

interface Act<Wish, Answer> {
  act: (wish: Wish) => Promise<Answer>;
  /** What was done, in words; null where something else shows it. */
  says: (answer: Answer, wish: Wish) => string | null;
  /** First parts of the keys of what is read again, whatever came of it. */
  touches: readonly string[];
  /** For an act that no dialog asks for: where it is refused, a message says so. */
  toastsProblem?: boolean;
  onDone?: (answer: Answer, wish: Wish) => void;
}

/** One act of a person: asked of the server, told, and what it touches read again. */
export function useAct<Wish, Answer>({ act, says, touches, toastsProblem = false, onDone }: Act<Wish, Answer>): UseMutationResult<Answer, Error, Wish> {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: act,
    // What came back may hold a secret that is shown once: nothing keeps it when nobody shows it any more.
    gcTime: 0,
    onSuccess: (answer, wish) => {
      const done = says(answer, wish);
      if (done !== null) toastDone(done, null);
      onDone?.(answer, wish);
    },
    onError: (error: Error) => {
      if (toastsProblem) toastProblem(error);
    },
    onSettled: () => Promise.all(touches.map((key) => queryClient.invalidateQueries({ queryKey: [key] }))),
  });
}
