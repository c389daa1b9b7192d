import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../src/config/config';
import { appsFile } from '../support/rollcall';

describe('docs/security.md', () => {
  it('shows an apps file for the open internet that the service takes', () => {
    const page = readFileSync(join(__dirname, '../../docs/security.md'), 'utf8');
    const [, written = ''] = /```jsonc\n([^]*?)```/.exec(page) ?? [];
    const json = written
      .replace(/ \/\/ .*$/gm, '')
      .replace(/,(\s*[}\]])/g, '$1')
      .replace('sha256:…', `sha256:${'0'.repeat(64)}`);
    const { apps } = readConfig({ APPS_FILE: appsFile(JSON.parse(json)), NODE_ENV: 'production' });
    expect(apps).toMatchObject([{ id: 'shop', anonymous: false, origins: new Set(['https://shop.example.com']) }]);
  });
});
