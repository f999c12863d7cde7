/** Packages with native code, which loads libraries of the system, and a browser. */

/** @type {import('../package.d.ts').Package[]} */
export default [
  {
    name: 'sharp',
    version: '0.35.5',
    files: ['picture.png'],
    flags: ['--allow-read={data},{out}', '--allow-write={out}'],
    gives: { width: 8, height: 4, format: 'png', drawn: true },
  },
  { name: 'bcrypt', version: '6.0.0', flags: [], gives: [true, false] },
  { name: 'argon2', version: '0.44.0', flags: [], gives: [true, false] },
  { name: 'sqlite3', version: '6.0.1', builds: true, flags: ['--allow-read={out}', '--allow-write={out}'], gives: [{ total: 7 }] },
  { name: '@duckdb/node-api', version: '1.5.6-r.1', files: ['sales.csv'], flags: ['--allow-read={data}'], gives: [[7]] },
  { name: 'lmdb', version: '3.5.6', flags: ['--allow-read={out}', '--allow-write={out}'], gives: { text: 'hello' } },
  {
    name: 'level',
    version: '10.0.0',
    flags: ['--allow-read={out}', '--allow-write={out}'],
    gives: [
      ['a', 1],
      ['b', 2],
    ],
  },
  {
    name: '@lancedb/lancedb',
    version: '0.39.0',
    with: { 'apache-arrow': '18.1.0' },
    flags: ['--allow-read={out}', '--allow-write={out}'],
    gives: [2],
  },
  { name: '@napi-rs/canvas', version: '1.1.1', flags: [], gives: { drawn: true, png: 'PNG' } },
  {
    name: '@huggingface/transformers',
    version: '4.3.1',
    files: ['tiny/tokenizer.json', 'tiny/tokenizer_config.json', 'tiny/config.json'],
    flags: ['--allow-read={data}'],
    gives: [0, 1],
  },
  { name: 'pdfjs-dist', version: '5.4.296', files: ['letter.pdf'], flags: ['--allow-read={data}'], gives: { pages: 1, text: 'hello' } },
  {
    name: 'better-sqlite3',
    version: '12.4.1',
    builds: true,
    runtimes: ['node'],
    flags: ['--allow-read={out}', '--allow-write={out}'],
    gives: [{ name: 'pen', price: 2 }],
  },
  { name: '@libsql/client', version: '0.18.0', flags: ['--allow-read={out}', '--allow-write={out}'], gives: ['pen'] },
  { name: '@electric-sql/pglite', version: '0.5.16', flags: [], gives: [{ total: 10 }] },
  {
    name: 'puppeteer-core',
    version: '25.16.0',
    needs: ['chromium'],
    flags: ['--allow-run={chromium}'],
    gives: ['hello', 'PNG'],
  },
  { name: 'rollup', version: '4.68.5', files: ['main.mjs', 'other.mjs'], flags: ['--allow-read={data}'], gives: true },
  { name: '@swc/core', version: '1.16.22', flags: [], gives: 'const a = 1;' },
]
