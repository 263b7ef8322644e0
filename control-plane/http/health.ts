import { Router } from 'express';

/** `/healthz`: the process answers. `/readyz`: it can serve, so its database answers and it is not stopping. */
export function healthRoutes(isReady: () => Promise<boolean>): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => { response.setHeader('cache-control', 'no-store').json({ ok: true }); });
  router.get('/readyz', async (_request, response) => {
    const ready = await isReady();
    response.status(ready ? 200 : 503).setHeader('cache-control', 'no-store').json({ ready });
  });
  return router;
}
