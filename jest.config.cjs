// Nest 12 is published as ES modules only, and Jest on Node 20 cannot load those: the packages listed here are
// compiled to CommonJS on the way in. A new dependency that fails with "Unexpected token 'export'" belongs in the list.
const esmPackages = [
  '@nestjs/',
  '@borewit/',
  '@tokenizer/',
  'content-disposition',
  'cookie',
  'es-toolkit',
  'file-type',
  'iterare',
  'jose',
  'js-yaml',
  'load-esm',
  'strtok3',
  'token-types',
  'uid',
  'uint8array-extras',
];

const swc = (parser) => ({
  swcrc: false,
  sourceMaps: true,
  isModule: 'unknown',
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    keepClassNames: true,
    parser,
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
});

const base = {
  rootDir: __dirname,
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/libs/client/dist/'],
  moduleNameMapper: { '^@rollcall/(client|contract|redis|roster)$': '<rootDir>/libs/$1/src/index.ts' },
  transform: {
    '\\.ts$': ['@swc/jest', swc({ syntax: 'typescript', decorators: true })],
    '\\.m?js$': ['@swc/jest', swc({ syntax: 'ecmascript' })],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages.join('|')}))`],
};

const project = (displayName, ...testMatch) => ({
  ...base,
  displayName,
  testMatch: testMatch.map((pattern) => `<rootDir>/${pattern}`),
});

module.exports = {
  // Shared machines stand still for seconds; a test that hangs is found all the same.
  testTimeout: 60_000,
  coverageProvider: 'v8',
  projects: [
    project('unit', '{src,libs,apps}/**/*.spec.ts'),
    project('contract', 'test/contract/**/*.spec.ts'),
    project('simulation', 'test/simulation/**/*.spec.ts'),
    project('e2e', 'test/e2e/**/*.spec.ts', 'test/docs/**/*.spec.ts'),
    project('security', 'test/security/**/*.spec.ts'),
    project('fault', 'test/fault/**/*.spec.ts'),
  ],
};
