import type { LoggerService } from '@nestjs/common';
import { type LevelWithSilent, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** JSON lines; coloured text on a terminal. */
export function createLog(level: LevelWithSilent, toTerminal: boolean): Logger {
  // Nothing logs a secret; this is for the day when something does.
  const redact = ['apiKey', '*.apiKey', 'token', '*.token', 'headers', '*.headers'];
  if (!toTerminal) return pino({ level, redact, base: undefined });
  return pino({ level, redact, base: undefined }, pretty({ translateTime: 'SYS:HH:MM:ss' }));
}

type Severity = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Where Nest tells of its own start, a line a module and a route: nothing that an operator asked for. */
const NEST_START = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Nest's lines and ours go one way: `Logger` calls end here, with what stands before the text as fields. */
export class PinoNestLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log = this.writer('info');
  error = this.writer('error');
  warn = this.writer('warn');
  debug = this.writer('debug');
  verbose = this.writer('trace');
  fatal = this.writer('fatal');

  /** Nest calls with `(message, …, context)`; a message that is an object is fields, with the text after it. */
  private writer(severity: Severity): (message: unknown, ...rest: unknown[]) => void {
    return (message, ...rest) => {
      const context = rest.pop();
      const level = severity === 'info' && NEST_START.has(context) ? 'debug' : severity;
      const fields = typeof message === 'object' && message !== null ? message : {};
      const text = typeof message === 'string' ? message : rest.find((part) => typeof part === 'string');
      const stack = typeof message === 'string' && typeof rest[0] === 'string' ? { stack: rest[0] } : {};
      this.pino[level]({ ...(context === undefined ? {} : { context }), ...stack, ...fields }, text as string);
    };
  }
}
