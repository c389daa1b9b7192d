import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopAfterTest } from './teardown';

/** Paths of PEM files. */
export interface Certificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

/** What a server on 127.0.0.1 shows, signed by an authority that nobody knows; deleted after the test. */
export function certificateForTest(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-tls-'));
  stopAfterTest(() => rmSync(folder, { recursive: true }));
  const path = (name: string): string => join(folder, name);
  const request = (name: string, ...more: string[]): void => {
    const files = ['-keyout', path(`${name}.key`), '-out', path(`${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', ...NEW_KEY, ...files, '-days', '2', ...more], { stdio: 'pipe' });
  };
  request('authority', '-subj', '/CN=An authority');
  const signed = ['-CA', path('authority.crt'), '-CAkey', path('authority.key')];
  request('server', '-subj', '/CN=A Redis server', '-addext', 'subjectAltName=IP:127.0.0.1', ...signed);
  return { authority: path('authority.crt'), certificate: path('server.crt'), key: path('server.key') };
}
