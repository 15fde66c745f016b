/**
 * Structured logs on standard output, one JSON line each. Never log a request body, a completion, a
 * header that carries a secret or a NodeSpec; the redaction below is the second wall, not the first.
 */
import { type Logger, pino } from 'pino';

export type { Logger };

export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    base: { name, pid: process.pid },
    redact: {
      paths: [
        '*.secret',
        '*.token',
        '*.authorization',
        '*.cookie',
        '*.password',
        '*.huggingFaceToken',
        '*.env',
        '*.key',
      ],
      censor: '[redacted]',
    },
  });
}
