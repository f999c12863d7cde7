/** Every bundler that is tried by this script; esbuild and `bun build` are in the tests. */

/**
 * @typedef {object} Bundler
 * @property {string} name
 * @property {string[]} packages what npm installs for it
 * @property {Record<string, string>} files beside the host, its configuration among them
 * @property {string[]} build arguments for Node
 * @property {string} out what is run afterwards; a server where it is `next`
 */

const bin = (/** @type {string} */ path, /** @type {string[]} */ ...args) => [`node_modules/${path}`, ...args]

const webpack = (/** @type {string} */ name, /** @type {string} */ external, /** @type {boolean} */ module) => {
  const output = module ? "{ path: process.cwd(), filename: 'out.mjs', module: true }, experiments: { outputModule: true }" : "{ path: process.cwd(), filename: 'out.cjs' }"
  return {
    name,
    packages: ['webpack@5.113.0', 'webpack-cli@6.0.1'],
    files: { 'webpack.config.mjs': `export default { mode: 'production', target: 'node', entry: './host.mjs', externals: ${external}, output: ${output} }\n` },
    build: bin('webpack/bin/webpack.js'),
    out: module ? 'out.mjs' : 'out.cjs',
  }
}

const rollup = (/** @type {string} */ name, /** @type {string} */ external) => ({
  name,
  packages: ['rollup@4', '@rollup/plugin-node-resolve@16', '@rollup/plugin-commonjs@29'],
  files: {
    'rollup.config.mjs': `import resolve from '@rollup/plugin-node-resolve'
      import commonjs from '@rollup/plugin-commonjs'
      export default { input: 'host.mjs', external: ${external}, plugins: [resolve({ preferBuiltins: true }), commonjs()], output: { file: 'out.mjs', inlineDynamicImports: true } }\n`,
  },
  build: bin('rollup/dist/bin/rollup', '-c'),
  out: 'out.mjs',
})

const rolldown = (/** @type {string} */ name, /** @type {string} */ external) => ({
  name,
  packages: ['rolldown@1'],
  files: { 'rolldown.config.mjs': `export default { input: 'host.mjs', platform: 'node', external: ${external}, output: { file: 'out.mjs', codeSplitting: false } }\n` },
  build: bin('rolldown/bin/cli.mjs', '-c', 'rolldown.config.mjs'),
  out: 'out.mjs',
})

const vite = (/** @type {string} */ name, /** @type {string} */ ssr) => ({
  name,
  packages: ['vite@8'],
  files: { 'vite.config.mjs': `export default { logLevel: 'warn', ssr: ${ssr}, build: { ssr: 'host.mjs', outDir: 'out', rollupOptions: { output: { entryFileNames: 'out.mjs' } } } }\n` },
  build: bin('vite/bin/vite.js', 'build'),
  out: 'out/out.mjs',
})

const LAYOUT = 'export default function Layout({ children }) { return <html><body>{children}</body></html> }\n'
/** A route that answers what the other hosts print. */
const ROUTE = `
  import { join } from 'node:path'
  import { Manager, isBunAvailable } from 'toolwarden'
  export const dynamic = 'force-dynamic'
  export async function GET() {
    const manager = new Manager(join(process.cwd(), 'tools'), { entrypointPath: './tools.mjs' })
    const error = await manager.executeTool('throws').catch((error) => error)
    const answers = [await manager.executeTool('answers'), error.code, error.stack.includes('/.next/server/'), isBunAvailable()]
    await manager.close()
    return Response.json(answers)
  }
`
const EXTERNAL = "serverExternalPackages: ['toolwarden']"
const TRACED = ['toolwarden/**', 'toolwarden-*/**', 'bun/**', '@oven/bun-*/**'].map((path) => `'./node_modules/${path}'`)

const next = (/** @type {string} */ name, /** @type {string} */ config, /** @type {string} */ out, /** @type {string[]} */ ...args) => ({
  name,
  packages: ['next@16.4.6', 'react@19', 'react-dom@19'],
  files: { 'next.config.mjs': `export default { ${config} }\n`, 'app/layout.js': LAYOUT, 'app/api/answer/route.js': ROUTE },
  build: bin('next/dist/bin/next', 'build', ...args),
  out,
})

/** @type {Bundler[]} */
export const bundlers = [
  webpack('webpack to CommonJS, in the bundle', '{}', false),
  webpack('webpack to CommonJS, left out', "{ toolwarden: 'commonjs toolwarden' }", false),
  webpack('webpack to an ES module, in the bundle', '{}', true),
  webpack('webpack to an ES module, left out', "{ toolwarden: 'module toolwarden' }", true),
  rollup('Rollup, in the bundle', '[]'),
  rollup('Rollup, left out', "['toolwarden', /^toolwarden\\//]"),
  rolldown('Rolldown, in the bundle', '[]'),
  rolldown('Rolldown, left out', "['toolwarden', /^toolwarden\\//]"),
  vite('Vite, in the bundle', '{ noExternal: true }'),
  vite('Vite, left out', '{}'),
  next('Next, in the bundle', '', 'next'),
  next('Next, left out', EXTERNAL, 'next'),
  next('Next with webpack, in the bundle', '', 'next', '--webpack'),
  next('Next with webpack, left out', EXTERNAL, 'next', '--webpack'),
  next('Next, standalone', `output: 'standalone', ${EXTERNAL}, outputFileTracingIncludes: { '/api/*': [${TRACED.join(', ')}, './tools/**'] }`, 'standalone'),
]
