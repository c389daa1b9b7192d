/*
 * Reads the apps file anew on SIGHUP and when it changes: all of it counts then, or, if anything in it is wrong, nothing. What
 * is remembered is which file was last looked at and which fault was last told, so that each is looked at and told once.
 */
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { statSync, unwatchFile, watchFile } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { App } from '../config/app';
import { Config, readAppsFile, UnreadableFile } from '../config/config';
import { ConfigError } from '../config/environment';
import { Apps } from './apps.service';

/** So often it is looked whether the file is another one. */
const LOOK_EVERY_MS = 500;

/** Whoever writes a file in several steps has so long to finish. */
const SETTLE_MS = 100;

/** A file that could not be read is tried again so often. */
const RETRY_MS = 1000;

@Injectable()
export class AppsReload implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('apps');
  private timer: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private seen = '';
  private toldFault: string | undefined;

  constructor(
    private readonly config: Config,
    private readonly apps: Apps,
  ) {}

  onApplicationBootstrap(): void {
    const { appsFile } = this.config;
    if (appsFile === undefined) return;
    process.on('SIGHUP', this.onSignal);
    // By its path, again and again: the file, its directory and all links on the way to it may be put in the place of others.
    watchFile(appsFile, { interval: LOOK_EVERY_MS, persistent: false }, this.look);
    // It may have changed between its reading and the first look.
    this.look();
  }

  onApplicationShutdown(): void {
    process.off('SIGHUP', this.onSignal);
    clearTimeout(this.timer);
    clearTimeout(this.retry);
    if (this.config.appsFile !== undefined) unwatchFile(this.config.appsFile, this.look);
  }

  private readonly onSignal = (): void => {
    this.seen = '';
    this.toldFault = undefined;
    this.look();
  };

  private readonly look = (): void => {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.read(this.config.appsFile ?? '');
    }, SETTLE_MS).unref();
  };

  private read(file: string): void {
    try {
      const marks = marksOf(file);
      if (marks === this.seen) return;
      this.seen = marks;
      this.replace(readAppsFile(file));
      this.toldFault = undefined;
    } catch (error) {
      if (error instanceof UnreadableFile) this.lookAgain();
      // Nothing may end the pod here, whatever has become of the file.
      const fault = error instanceof ConfigError ? error.message : `The apps file was not read anew: ${String(error)}`;
      if (this.toldFault === fault) return;
      this.toldFault = fault;
      this.logger.error(`${fault}\nUntil it is mended, what was read before counts.`);
    }
  }

  /** Nobody tells when it can be read again: there may have been too many open files. */
  private lookAgain(): void {
    this.seen = '';
    clearTimeout(this.retry);
    this.retry = setTimeout(this.look, RETRY_MS).unref();
  }

  private replace(apps: readonly App[]): void {
    if (isDeepStrictEqual(apps, this.apps.all)) return;
    this.apps.replace(apps);
    this.logger.log(`The apps file was read anew, and counts from now on: ${apps.map(({ id }) => id).join(', ')}.`);
  }
}

/** Another file, or other content, has other marks. */
function marksOf(file: string): string {
  const { ino, size, mtimeMs, ctimeMs } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return [ino, size, mtimeMs, ctimeMs].join(' ');
}
