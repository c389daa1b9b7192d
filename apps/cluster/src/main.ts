/* `npm run cluster`: data centres on this machine, a few visitors, a table of who is where, and a prompt to break it. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { readArguments, USAGE } from './arguments';
import { Cluster } from './cluster';
import { act } from './demo/act';
import { CommandError, HELP, readCommand } from './demo/command';
import { DEMO_APPS, readServed, type Served, visitorsOf } from './demo/demo-apps';
import { PlainScreen, TerminalScreen } from './demo/screen';
import { Tab } from './demo/tab';
import { Watch } from './demo/watch';
import { TemporaryFolder } from './processes/temporary-folder';

function demoAppsFile(): string {
  const file = join(new TemporaryFolder('rollcall-cluster-').path, 'apps.json');
  writeFileSync(file, JSON.stringify(DEMO_APPS));
  return file;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where to look, and what to paste. */
function welcome({ datacenters }: Cluster, { host, apiKey = '<key>' }: Served): string {
  const lines = datacenters.map(
    ({ name, redis, pods }) =>
      `${name.padEnd(12)} ${pods.map((pod) => `${pod.name} ${pod.url}`).join('  ')}  Redis on ${redis.port}`,
  );
  const body = JSON.stringify({ apiKey, includeUsers: true });
  const [first] = datacenters.flatMap(({ pods }) => pods);
  const headers = `-H 'Host: ${host}' -H 'Content-Type: application/json'`;
  const curl = `curl -X POST ${headers} -d '${body}' ${first?.url}/message/allusers`;
  return ['', ...lines, '', 'To ask yourself:', `  ${curl}`, '', 'At the prompt:', HELP, ''].join('\n');
}

function openTabs({ datacenters }: Cluster, served: Served): Tab[] {
  const visitors = visitorsOf(served, datacenters.length);
  const tabs = datacenters.flatMap(({ pods }, n) =>
    (visitors[n] ?? []).map((visitor, m) => new Tab(visitor, served.host, pods, m)),
  );
  for (const tab of tabs) tab.open();
  return tabs;
}

/** Reads commands until it is told to quit. The end of the input is no such word, unless somebody types it. */
function prompt(cluster: Cluster, served: Served, told: () => void): Watch {
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  const lines = createInterface({ input: process.stdin, output: terminal ? process.stdout : undefined, terminal });
  const dcs = cluster.datacenters.map(({ name }) => name);
  const known = { dcs, pods: cluster.pods.map(({ name }) => name) };
  const screen = terminal ? new TerminalScreen(dcs, lines, process.stdout) : new PlainScreen(dcs);
  const obey = async (line: string): Promise<void> => {
    try {
      const command = readCommand(line, known);
      if (command === undefined) return;
      if (command.verb === 'quit') return told();
      screen.say(await act(cluster, command));
    } catch (error) {
      screen.say(error instanceof CommandError ? `${error.message} "help" shows how.` : textOf(error));
    }
  };
  // One after the other: a start waits for the kill before it.
  let obeyed = Promise.resolve();
  lines.on('line', (line) => {
    if (screen instanceof TerminalScreen) screen.entered(line);
    obeyed = obeyed.then(() => obey(line));
  });
  if (terminal) {
    lines.on('SIGINT', told);
    lines.on('close', told);
  }
  return new Watch(cluster, served, screen);
}

/** Until there is a cluster, the end of this process ends what has been started. */
let quit = (): void => process.exit();

async function main(): Promise<void> {
  const { dcs, pods, appsFile: given, help } = readArguments(process.argv.slice(2));
  if (help) return console.log(USAGE);
  const appsFile = given === undefined ? demoAppsFile() : resolve(given);
  const served = readServed(appsFile);
  console.log(`Starting ${dcs} data centre${dcs === 1 ? '' : 's'} with ${pods} pod${pods === 1 ? '' : 's'} each …`);
  const cluster = await Cluster.start({ dcs, pods, appsFile });
  console.log(welcome(cluster, served));
  const tabs = openTabs(cluster, served);
  const told = new Promise<void>((resolve) => (quit = resolve));
  const watch = prompt(cluster, served, quit);
  void watch.look();
  await told;
  // Who asks again does not want to wait.
  quit = () => process.exit();
  watch.stop();
  for (const tab of tabs) tab.close();
  await cluster.stop();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => quit());

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(textOf(error));
    process.exit(1);
  },
);
