export { type RedisSettings } from './clients';
export * from './link';
export * from './port';
export * from './redis-pod.registry';
export { RedisRosterReader } from './redis-roster.reader';
export * from './redis-roster.store';
export * from './redis-user.directory';
export * from './shared-counter';
export * from './socket-adapter';
