/*
 * When each API key was last used on this pod. The guard writes it; the pulse tells it to the other pods with each beat, so
 * what they know is a beat old. A pod that ends takes what only it knew along. At most one entry for each key of the apps file,
 * those that were used last at the end.
 */
import { Injectable } from '@nestjs/common';
import type { KeyUse } from '@rollcall/roster';
import type { ApiKey, App } from '../config/app';
import { Apps } from './apps.service';

/** As much of a key's SHA-256 as tells keys apart, and helps nobody to guess one. */
export const prefixOf = ({ hash }: ApiKey): string => hash.toString('hex', 0, 4);

/** Each beat carries it: 500 are some 30 KB. An app has a few keys; a pod of many apps tells of those that are in use. */
const TOLD_MAX = 500;

@Injectable()
export class KeyUses {
  private readonly uses = new Map<string, KeyUse>();

  constructor(apps: Apps) {
    apps.onReplace(() => {
      for (const [name, { app, sha256Prefix }] of this.uses) {
        if (!apps.byId(app)?.apiKeys.some((key) => prefixOf(key) === sha256Prefix)) this.uses.delete(name);
      }
    });
  }

  note({ id }: App, key: ApiKey, atMs: number): void {
    const sha256Prefix = prefixOf(key);
    const name = `${id}\n${sha256Prefix}`;
    this.uses.delete(name);
    this.uses.set(name, { app: id, sha256Prefix, atMs });
  }

  /** What is told to other pods. */
  latest(): KeyUse[] {
    return this.all().slice(-TOLD_MAX);
  }

  all(): KeyUse[] {
    return [...this.uses.values()];
  }
}
