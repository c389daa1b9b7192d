import type { Config } from './config/config';
import { DEMO_API_KEY, DEMO_TOKEN, DEMO_USER_ID } from './config/demo-app';

/** What a pod says of itself at its start. */
export function announcement({ apps, bind, dc, instance, port, redis, version }: Config): string {
  const served = apps.map(({ id, hosts }) => `${id} (${hosts.join(', ')})`).join(', ');
  return `Rollcall ${version} listens on ${bind}:${port}. Pod ${instance}, DC ${dc}, store: ${redis === undefined ? 'memory of this process' : 'Redis'}. Apps: ${served}.`;
}

/** How to ask the demo app: a line to paste for each face. By `localhost`, for `127.0.0.1` is another host with another roster. */
export function demoLines(port: number): string[] {
  const url = `http://localhost:${port}`;
  const post = `curl -X POST -H 'Content-Type: application/json' -d '{"apiKey":"${DEMO_API_KEY}"}'`;
  return [
    '',
    'APPS_FILE is not set, so this is the demo app. Its secrets are public; it listens on this machine only. Try:',
    '',
    `  ${post} ${url}/message/users`,
    `  ${post} ${url}/message/allusers`,
    `  curl -H 'X-Auth-Token: ${DEMO_TOKEN}' -H 'X-User-Id: ${DEMO_USER_ID}' ${url}/api/v1/users.presence`,
    `  curl -H 'Authorization: Bearer ${DEMO_API_KEY}' ${url}/v1/users/${DEMO_USER_ID}`,
    '',
    `Every call, to try by a click: ${url}/docs`,
    '',
    '',
  ];
}
