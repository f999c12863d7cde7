/** Secrets beside the tools, in a directory that is readable because it holds code. */

import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const tools = './secrets.mjs'

const SECRET = 'the secret'
const FILES = [
  '.env',
  '.env.production',
  '.npmrc',
  '.netrc',
  '.git/config',
  '.git/hooks/pre-push',
  '.ssh/id_ed25519',
  '.aws/credentials',
  '.docker/config.json',
  'keys/tls.key',
  'keys/deep/server.pem',
  'keys/Signing.P12',
  'id_rsa',
  'service-account-1.json',
  'config/production.txt',
]

/** A project with secrets and with what is none. */
function prepare({ dir }) {
  for (const path of [...FILES, 'plain.txt', 'keys/readme.txt', 'src/code.txt', '.env.example']) {
    mkdirSync(join(dir, path, '..'), { recursive: true })
    writeFileSync(join(dir, path), SECRET)
  }
  writeFileSync(join(dir, 'package.json'), '{}')
  writeFileSync(join(dir, 'credentials.json'), JSON.stringify({ secret: SECRET }))
  symlinkSync('../.env', join(dir, 'src/link.txt'))
  symlinkSync('..', join(dir, 'src/above'))
  symlinkSync('../config/production.txt', join(dir, 'src/.env.linked'))
  linkSync(join(dir, '.env'), join(dir, 'src/innocent.txt'))
}

const reached = ({ value }) => value === SECRET
const refused = ({ value }) => ['EACCES', 'EPERM', 'EXDEV'].includes(value)

/** With no flag, and with a list that is about something else. */
const LISTS = [['with no flag', () => []], ['with a list', ({ open }) => [`--allow-read=${open}`]]]

/**
 * @param {string} name @param {(place: any) => any} input of the tool @param {(place: any) => string} named what a flag has to name
 * @param {{ tool?: string, more?: (place: any) => string[], harmless?: (place: any) => any }} [options] `harmless`: the twin's input, where
 *   naming the file is not enough
 */
const way = (name, input, named, { tool = 'reach', more = () => [], harmless = input } = {}) =>
  LISTS.map(([with_, flags]) => ({
    name: `${name}, ${with_}`,
    prepare,
    attack: (place) => ({ flags: [...flags(place), ...more(place)], tool, input: input(place), holds: refused }),
    twin: (place) => ({ flags: [...flags(place), ...more(place), `--allow-read=${named(place)}`], tool, input: harmless(place), holds: reached }),
  }))

const at = (path) => ({ dir }) => join(dir, path)
const by = (path, steps) => (place) => ({ path: path.replace('DIR', place.dir), steps: steps?.map((step) => step.map((word) => word.replace('DIR', place.dir))) })

export const attacks = [
  ...FILES.filter((path) => path !== 'config/production.txt').flatMap((path) => way(`${path} by its name`, by(`DIR/${path}`), at(path))),
  ...way('.env by a relative path', by('./.env'), at('.env')),
  ...way('.env through ..', by('DIR/src/../.env'), at('.env')),
  ...way('.env through /proc/self/cwd', by('/proc/self/cwd/.env'), at('.env')),
  ...way('.env through /proc/self/root', by('/proc/self/rootDIR/.env'), at('.env')),
  ...way('.env through a descriptor of its directory', by('FD(DIR)/.env'.replace('DIR', '.')), at('.env')),
  ...way('.env through a link that was there', by('DIR/src/link.txt'), at('.env')),
  ...way('.env through a link to its directory', by('DIR/src/above/.env'), at('.env')),
  ...way('.env through a link that the tool makes', by('TMP/link', [['symlink', 'DIR/.env', 'TMP/link']]), at('.env')),
  ...way('.env by another name of the same file', by('DIR/src/innocent.txt'), at('src/innocent.txt')),
  ...way('.env by a copy', by('TMP/copy', [['copy', 'DIR/.env', 'TMP/copy']]), at('.env')),
  ...way('a file that a link calls a secret, by its own name', by('DIR/config/production.txt'), at('config/production.txt')),
  ...way('.git/config through .. in .git', by('/proc/self/cwd/.git/../.git/config'), at('.git/config')),
  ...way('.git/config by a copy', by('TMP/copy', [['copy', 'DIR/.git/config', 'TMP/copy']]), at('.git')),
  ...way('credentials.json by an import', () => ({ path: 'credentials.json' }), at('credentials.json'), { tool: 'byImport' }),
  ...way('.env by a program', by('DIR/.env'), at('.env'), { tool: 'byProgram', more: () => ['--allow-run'] }),
  ...way('.env renamed by the tool', by('DIR/other.txt', [['rename', 'DIR/.env', 'DIR/other.txt']]), at('plain.txt'), {
    more: ({ dir }) => [`--allow-write=${dir}`],
    harmless: by('DIR/renamed.txt', [['rename', 'DIR/plain.txt', 'DIR/renamed.txt']]),
  }),
  ...way('.env linked by the tool', by('DIR/other.txt', [['link', 'DIR/.env', 'DIR/other.txt']]), at('plain.txt'), {
    more: ({ dir }) => [`--allow-write=${dir}`],
    harmless: by('DIR/linked.txt', [['rename', 'DIR/plain.txt', 'DIR/linked.txt']]),
  }),
  ...way('.env moved out by the tool', by('TMP/moved', [['rename', 'DIR/.env', 'TMP/moved']]), at('.env'), {
    more: ({ dir }) => [`--allow-write=${dir}`],
    harmless: by('DIR/.env'),
  }),
]
