/* Every answer that a view gives, and the model's for the same moment, in one shape that can be compared. */
import type { ChannelKind } from '@rollcall/contract';
import type { RosterView, TabShape } from '@rollcall/roster';
import type { RosterModel } from './roster-model';

export interface Questions {
  readonly atMs: number;
  readonly userIds: readonly string[];
  readonly channels: readonly string[];
  readonly tabIds: readonly string[];
  /** Times for `since`, none older than ten minutes. */
  readonly froms: readonly number[];
}

type Answers = Record<string, unknown>;
type Entry = readonly [key: string, value: unknown];

const KINDS: readonly ChannelKind[] = ['authenticated', 'anonymous'];
const SHAPES: readonly TabShape[] = ['array', 'object'];
const BUILT_IN = ['authenticated', 'anonymous'];
const CALLER = 'ada';

const byKey = ([a]: Entry, [b]: Entry): number => (a < b ? -1 : 1);
const entriesOf = (json: Buffer): Entry[] => Object.entries(JSON.parse(json.toString()) as object).sort(byKey);
const byId = (json: string): object[] =>
  (JSON.parse(json) as { _id: string }[]).sort((a, b) => (a._id < b._id ? -1 : 1));
const names = ({ channels, tabIds }: Questions): string[] => [
  ...BUILT_IN,
  ...channels,
  ...channels.map((channel) => `${channel}|anonymous`),
  ...tabIds.map((id) => `tab|${id}`),
  'user|ada',
];

export function viewAnswers(view: RosterView, questions: Questions): Answers {
  const { atMs, userIds, channels, froms } = questions;
  const { presence } = view;
  const channelNames = view.channelNames();
  return {
    maps: SHAPES.map((tabs) => entriesOf(view.channelMap(tabs).bytes)),
    channels: SHAPES.map((tabs) => names(questions).map((name) => entriesOf(view.channel(name, tabs)))),
    channelNames: KINDS.map((kind) => channelNames[kind].toSorted()),
    counts: KINDS.map((kind) => channels.map((channel) => view.count(kind, channel))),
    connectionCounts: KINDS.map((kind) => channels.map((channel) => view.connectionCount(kind, channel))),
    totals: view.totals,
    users: JSON.parse(view.usersJson().toString()),
    userConnections: JSON.parse(view.userConnectionsJson().toString()),
    connections: userIds.map((userId) =>
      view.connectionsOf(userId).map(({ connectionId, pod, active, channels: places }) => ({
        connectionId,
        pod,
        active,
        places: places.map(({ kind, channel }) => [kind, channel]),
      })),
    ),
    full: byId(presence.full(atMs).toString()),
    of: JSON.parse(presence.of([...userIds, 'nobody'], atMs)),
    since: froms.map((fromMs) => [fromMs, byId(presence.since(fromMs, atMs, CALLER))]),
    statuses: userIds.map((userId) => presence.statusAt(userId, atMs)),
    ends: userIds.map((userId) => presence.choiceEndsAtMs(userId, atMs)),
  };
}

export function modelAnswers(model: RosterModel, questions: Questions): Answers {
  const { atMs, userIds, channels, froms } = questions;
  const rows = (ids: readonly string[]): object[] => ids.map((userId) => model.presenceRow(userId, atMs));
  return {
    maps: SHAPES.map((tabs) => modelMap(model, tabs)),
    channels: SHAPES.map((tabs) => names(questions).map((name) => modelChannel(model, name, tabs))),
    channelNames: KINDS.map((kind) => model.channelNames(kind)),
    counts: [
      channels.map((channel) => model.memberUsers(channel).length),
      channels.map((channel) => model.members('anonymous', channel).length),
    ],
    connectionCounts: KINDS.map((kind) => channels.map((channel) => model.members(kind, channel).length)),
    totals: {
      users: model.users().length,
      userConnections: model.userConnections().length,
      anonymousConnections: model.anonymousTabs,
    },
    users: model.users(),
    userConnections: model.userConnections(),
    connections: userIds.map((userId) =>
      model.connectionsOf(userId).map(({ id, pod, active, places }) => ({
        connectionId: id,
        pod: `pod-${pod}.1`,
        active,
        places: places.map(({ place }) => [place.kind, place.channel]),
      })),
    ),
    full: rows(model.present(atMs).toSorted()),
    of: rows(model.present(atMs)),
    since: froms.map((fromMs) => [fromMs, rows(model.changedSince(fromMs, atMs, CALLER).toSorted())]),
    statuses: userIds.map((userId) => model.statusAt(userId, atMs)),
    ends: userIds.map((userId) => model.endsAtMs(userId, atMs)),
  };
}

function modelMap(model: RosterModel, tabs: TabShape): Entry[] {
  const map: Entry[] = [];
  if (model.users().length > 0) map.push(['authenticated', model.users()]);
  if (model.anonymousTabs > 0) map.push(['anonymous', model.anonymousTabs]);
  for (const { id, userId } of model.tabs) {
    const user = userId === null ? 1 : model.channelUser(userId);
    map.push([`tab|${id}`, userId !== null && tabs === 'array' ? [user] : user]);
  }
  for (const channel of model.channelNames('authenticated')) {
    map.push([channel, model.memberUsers(channel).map((userId) => model.channelUser(userId))]);
  }
  for (const channel of model.channelNames('anonymous')) {
    const taken = model.channelNames('authenticated').includes(channel);
    map.push([taken ? `${channel}|anonymous` : channel, model.members('anonymous', channel).length]);
  }
  return map.sort(byKey);
}

/** The part of the map that belongs to the name: its own key, and its anonymous half’s. */
const modelChannel = (model: RosterModel, name: string, tabs: TabShape): Entry[] =>
  modelMap(model, tabs).filter(([key]) => key === name || key === `${name}|anonymous`);
