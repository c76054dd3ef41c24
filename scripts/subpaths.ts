/** Every public module of the package, once. The build, package.json (held by a test) and the house tests read this list. */
export const subpaths = [
  { name: 'index', source: 'src/index.ts' },
  { name: 'audit', source: 'src/audit/index.ts' },
  { name: 'breach', source: 'src/breach/index.ts' },
  { name: 'client-address', source: 'src/client-address/index.ts' },
  { name: 'detect', source: 'src/detect/index.ts' },
  { name: 'device', source: 'src/device/index.ts' },
  { name: 'epochs', source: 'src/epochs/index.ts' },
  { name: 'express', source: 'src/adapters/express/index.ts' },
  { name: 'fastify', source: 'src/adapters/fastify/index.ts' },
  { name: 'hasher', source: 'src/hasher/index.ts' },
  { name: 'limiter', source: 'src/limiter/index.ts' },
  { name: 'login-guard', source: 'src/login-guard/index.ts' },
  { name: 'mfa', source: 'src/mfa/index.ts' },
  { name: 'password', source: 'src/password/index.ts' },
  { name: 'postgres', source: 'src/stores/postgres/index.ts' },
  { name: 'read-only', source: 'src/read-only/index.ts' },
  { name: 'recovery', source: 'src/recovery/index.ts' },
  { name: 'redis', source: 'src/stores/redis/index.ts' },
  { name: 'resets', source: 'src/resets/index.ts' },
  { name: 'sqlite', source: 'src/stores/sqlite/index.ts' },
  { name: 'testing', source: 'src/testing/index.ts' },
  { name: 'totp', source: 'src/totp/index.ts' },
  { name: 'uniform', source: 'src/uniform/index.ts' },
] as const satisfies readonly { readonly name: string; readonly source: string }[];

/** The `exports` and `typesVersions` fields that package.json must hold. */
export function packageFields(): { readonly exports: Record<string, unknown>; readonly typesVersions: Record<string, Record<string, readonly string[]>> } {
  const exports: Record<string, unknown> = {};
  const types: Record<string, readonly string[]> = {};
  for (const { name } of subpaths) {
    const esm = { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` };
    // `module-sync` first: Node then hands `import` and `require` the same file, so there is one class of each error.
    exports[name === 'index' ? '.' : `./${name}`] = { 'module-sync': esm, import: esm, require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` } };
    if (name !== 'index') types[name] = [`./dist/${name}.d.cts`];
  }
  exports['./package.json'] = './package.json';
  return { exports, typesVersions: { '*': types } };
}
