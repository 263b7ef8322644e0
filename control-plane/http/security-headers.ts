import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Headers of every answer: scripts and connections of our own only, plus the sandbox that the console's "raise a ticket" posts to. */
export function securityHeaders(options: { readonly publicUrl: string; readonly sandboxUrl: string | null }): RequestHandler {
  const tls = options.publicUrl.startsWith('https:');
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        scriptSrc: ["'self'"],
        // Mantine and CodeMirror set styles from script; a style cannot run code.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'", ...(options.sandboxUrl === null ? [] : [new URL(options.sandboxUrl).origin])],
        manifestSrc: ["'self'"],
        ...(tls ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: tls ? { maxAge: 31_536_000 } : false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
}
