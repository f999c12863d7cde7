/** Packages that read and write files. */

const reading = { flags: ['--allow-read={data}'] }
const working = { flags: ['--allow-read={out}', '--allow-write={out}'] }
const both = { flags: ['--allow-read={data},{out}', '--allow-write={out}'] }
const texts = ['a.txt', 'sub/b.txt']

/** @type {import('../package.d.ts').Package[]} */
export default [
  { name: 'fs', title: 'node:fs', files: texts, ...both, gives: ['changed', 'own'] },
  { name: 'tmp', version: '0.2.7', flags: [], gives: 'hello' },
  { name: 'fs-extra', version: '11.3.2', files: texts, ...both, gives: [{ a: 1 }, 'b\n', false] },
  { name: 'write-file-atomic', version: '7.0.0', ...working, gives: 'hello' },
  { name: 'proper-lockfile', version: '4.1.2', flags: ['--allow-write={out}'], gives: [true, false] },
  { name: 'chokidar', version: '4.0.3', ...working, gives: '/a.txt' },
  { name: 'glob', version: '11.1.0', files: texts, ...reading, gives: texts },
  { name: 'globby', version: '16.2.4', files: texts, ...reading, gives: texts },
  { name: 'fast-glob', version: '3.3.3', files: texts, ...reading, gives: texts },
  { name: 'rimraf', version: '6.1.4', ...working, gives: false },
  { name: 'tar', version: '7.5.23', files: texts, ...both, gives: 'b\n' },
  { name: 'archiver', version: '7.0.1', files: texts, flags: ['--allow-read={data}', '--allow-write={out}'], gives: true },
  { name: 'unzipper', version: '0.12.5', files: ['a.zip'], ...reading, gives: [['a.txt'], 'a\n'] },
  { name: 'adm-zip', version: '0.6.1', files: texts, ...both, gives: 'a\n' },
  { name: 'winston', version: '3.19.0', ...working, gives: { level: 'info', message: 'hello' } },
  { name: 'pino', version: '10.4.0', ...working, gives: { level: 30, a: 1, msg: 'hello' } },
  { name: 'dotenv', version: '17.2.3', files: ['settings.env'], ...reading, gives: [{ PLACE: 'here' }, 'here'] },
  { name: 'exceljs', version: '4.4.0', ...working, gives: 5 },
  { name: 'xlsx', version: '0.18.5', ...working, gives: [{ name: 'pen', price: 2 }] },
  { name: 'pdf-lib', version: '1.17.1', ...working, gives: { width: 200, height: 100 } },
  { name: 'pdfkit', version: '0.17.2', ...working, gives: '%PDF-' },
  { name: 'docx', version: '9.15.2', flags: ['--allow-write={out}'], gives: 'PK' },
  { name: 'mammoth', version: '1.13.0', with: { docx: '9.15.2' }, ...working, gives: '<p>hello</p>' },
  { name: 'qrcode', version: '1.5.4', ...working, gives: 'PNG' },
  { name: 'jimp', version: '1.6.1', files: ['picture.png'], ...both, gives: { width: 8, height: 4 } },
  { name: 'cheerio', version: '1.1.2', files: ['page.html'], ...reading, gives: ['0 a', '1 b'] },
  { name: 'prettier', version: '3.10.1', files: ['main.js', '.prettierrc'], ...reading, gives: "let a = 'b'\n" },
  { name: 'eslint', version: '9.39.1', files: ['main.js'], ...reading, gives: ['no-unused-vars'] },
  { name: 'typescript', version: '5.9.3', files: ['main.ts', 'other.ts'], ...reading, gives: [2322] },
  {
    name: 'csv-parse',
    version: '6.1.0',
    files: ['sales.csv'],
    ...reading,
    gives: [
      { name: 'pen', price: '2' },
      { name: 'ink', price: '5' },
    ],
  },
  {
    name: 'papaparse',
    version: '5.5.3',
    files: ['sales.csv'],
    ...reading,
    gives: [
      { name: 'pen', price: 2 },
      { name: 'ink', price: 5 },
    ],
  },
  { name: 'yaml', version: '2.9.1', files: ['a.yaml'], ...reading, gives: { a: [1, 2] } },
  { name: 'ejs', version: '3.1.10', files: ['page.ejs'], ...reading, gives: 'hello Ada\n' },
  { name: 'nunjucks', version: '3.2.4', files: ['page.njk'], ...reading, gives: 'hello Ada\n' },
  { name: 'sass', version: '1.93.3', files: ['main.scss', '_other.scss'], ...reading, gives: 'a{color:red}' },
]
