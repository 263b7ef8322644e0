import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { RouterProvider } from 'react-router/dom';
import { actIn } from '../api/current-workspace.ts';
import { createQueryClient } from './query-client.ts';
import { createRouter } from './router.tsx';
import { cssVariables, theme } from './theme.ts';

// The key is also read by public/color-scheme.js, before the first paint.
const colorSchemeManager = localStorageColorSchemeManager({ key: 'countersign-color-scheme' });
const router = createRouter();
const queryClient = createQueryClient(goToSignIn);

export function Console() {
  return (
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" colorSchemeManager={colorSchemeManager}>
        <QueryClientProvider client={queryClient}>
          <Notifications position="bottom-right" limit={4} />
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>
  );
}

/** A session that ended leads to the sign-in page, which leads back to where the person was. */
function goToSignIn(): void {
  const { pathname, search } = router.state.location;
  if (pathname === '/sign-in') return;
  queryClient.clear();
  actIn(null);
  void router.navigate(`/sign-in?to=${encodeURIComponent(pathname + search)}`, { replace: true });
}
