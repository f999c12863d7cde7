/** The package managers, each as a package of the registry, and how each is asked to install and to run. */

/**
 * @typedef {object} PackageManager
 * @property {string} name as the table has it
 * @property {string} from the package that it is
 * @property {string} program inside that package's node_modules
 * @property {boolean} [native] whether the program is no script for Node
 * @property {string[]} add the line of the README, without the program
 * @property {string[]} install
 * @property {'package.json' | 'pnpm'} [workspaces] how it is told which folders are workspaces; left out: no row for them
 * @property {string[]} [run] how a file is run, where Node alone does not find the packages
 * @property {(registry: string) => Record<string, string>} files what configures it
 */

const npmrc = (/** @type {string} */ registry) => ({ '.npmrc': `registry=${registry}/\naudit=false\nfund=false\nupdate-notifier=false\n` })
const README = ['toolwarden', 'bun']

/** @param {string} name @param {string} from @returns {PackageManager} */
const npm = (name, from) => ({
  name,
  from,
  program: 'npm/bin/npm-cli.js',
  add: ['install', ...README],
  install: ['install'],
  workspaces: 'package.json',
  files: npmrc,
})

/** @param {string} name @param {string} from @param {Partial<PackageManager>} [other] @returns {PackageManager} */
const pnpm = (name, from, other) => ({
  name,
  from,
  program: 'pnpm/bin/pnpm.cjs',
  add: ['add', ...README],
  install: ['install'],
  workspaces: 'pnpm',
  files: npmrc,
  ...other,
})

/** @param {'node-modules' | 'pnpm' | 'pnp'} linker @returns {PackageManager} */
const yarn = (linker) => ({
  name: `yarn 4, ${linker}`,
  from: '@yarnpkg/cli-dist@4',
  program: '@yarnpkg/cli-dist/bin/yarn.js',
  add: ['add', ...README],
  install: ['install'],
  workspaces: 'package.json',
  ...(linker === 'pnp' ? { run: ['node'] } : {}),
  files: (registry) => ({
    '.yarnrc.yml': `nodeLinker: ${linker}\nnpmRegistryServer: "${registry}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nenableTelemetry: false\nenableImmutableInstalls: false\n`,
    'yarn.lock': '',
  }),
})

/** @type {PackageManager[]} */
export const managers = [
  npm('npm 10', 'npm@10'),
  npm('npm 11', 'npm@11'),
  pnpm('pnpm 9', 'pnpm@9'),
  pnpm('pnpm 10', 'pnpm@10'),
  pnpm('pnpm 12', 'pnpm@12', { program: 'pnpm/bin/pnpm.mjs' }),
  pnpm('pnpm 12, by its own line', 'pnpm@12', { program: 'pnpm/bin/pnpm.mjs', add: ['add', 'toolwarden', 'bun@npm:bun', '--allow-build=bun'] }),
  {
    name: 'yarn 1',
    from: 'yarn@1',
    program: 'yarn/bin/yarn.js',
    add: ['add', ...README],
    install: ['install'],
    workspaces: 'package.json',
    files: (registry) => ({ '.npmrc': `registry=${registry}/\n`, '.yarnrc': `registry "${registry}"\n` }),
  },
  yarn('node-modules'),
  yarn('pnpm'),
  yarn('pnp'),
  {
    name: 'Bun',
    from: '@oven/bun-linux-x64@1',
    program: '@oven/bun-linux-x64/bin/bun',
    native: true,
    add: ['add', ...README],
    install: ['install'],
    workspaces: 'package.json',
    files: (registry) => ({ 'bunfig.toml': `[install]\nregistry = "${registry}"\n` }),
  },
]
