/** The arrows of the house; docs/architecture.md draws them. */
const folders = (...names) => `^src/(${names.join('|')})/`;

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing-imports-the-service', severity: 'error', from: { path: '^(libs|apps)/' }, to: { path: '^src/' } },
    {
      name: 'nothing-imports-companions',
      severity: 'error',
      from: { path: '^(src|libs)/' },
      to: { path: '^apps/' },
    },
    {
      name: 'companions-and-tests-share-the-cluster',
      comment: 'Its processes and lines are what the bench and the tests start, too.',
      severity: 'error',
      from: { path: '^(?:test|apps/([^/]+))/' },
      to: { path: '^apps/', pathNot: ['^apps/cluster/', '^apps/$1/'] },
    },
    {
      name: 'contract-stands-alone',
      severity: 'error',
      from: { path: '^libs/contract/' },
      to: { path: '^libs/(?!contract/)' },
    },
    {
      name: 'roster-knows-the-contract-only',
      severity: 'error',
      from: { path: '^libs/roster/' },
      to: { path: '^libs/(?!roster/|contract/)' },
    },
    {
      name: 'the-core-is-pure',
      comment: 'No Nest, no sockets, no Redis in the core.',
      severity: 'error',
      from: { path: '^libs/(contract|roster)/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(@nestjs|socket\\.io|redis|@redis|rxjs)' },
    },
    {
      name: 'the-client-takes-types-alone',
      comment: 'What is published needs nothing of this repository at run time.',
      severity: 'error',
      from: { path: '^libs/client/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/(?!client/)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-client-knows-the-contract-alone',
      severity: 'error',
      from: { path: '^libs/client/' },
      to: { path: '^(src|apps)/|^libs/(?!client/|contract/)' },
    },
    {
      name: 'nobody-here-needs-the-client',
      comment: 'It speaks to the service over the network; companions and tests may use it.',
      severity: 'error',
      from: { path: '^(src|libs/(?!client/))' },
      to: { path: '^libs/client/' },
    },
    {
      name: 'redis-knows-contract-and-roster',
      severity: 'error',
      from: { path: '^libs/redis/' },
      to: { path: '^(src|apps)/' },
    },
    {
      name: 'only-libs-redis-sees-redis',
      severity: 'error',
      // The bench's competitors are what Rollcall is not: servers that use Redis directly.
      from: { path: '^(src|apps|libs/(contract|roster))/', pathNot: '^apps/bench/src/competitors/' },
      to: { path: 'node_modules/(redis|@redis|@socket\\.io/redis-adapter)/' },
    },
    {
      name: 'features-never-meet',
      severity: 'error',
      from: { path: '^src/(channels|presence|cross-dc|users|pods|keys|health)/' },
      to: { path: folders('channels', 'presence', 'cross-dc', 'users', 'pods', 'keys', 'health'), pathNot: '^src/$1/' },
    },
    {
      name: 'doors-know-no-features',
      severity: 'error',
      from: { path: folders('auth', 'http', 'sockets', 'store', 'config') },
      to: { path: folders('channels', 'presence', 'cross-dc', 'users', 'pods', 'keys', 'health') },
    },
    {
      name: 'config-knows-nobody',
      severity: 'error',
      from: { path: folders('config') },
      to: { path: '^src/(?!config/)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(libs/client/)?dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'types', 'default'] },
  },
};
