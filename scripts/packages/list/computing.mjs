/** Packages that only compute: they must run with no permission. */

const none = { flags: /** @type {string[]} */ ([]) }

/** @type {import('../package.d.ts').Package[]} */
export default [
  { name: 'zod', version: '4.6.7', ...none, gives: [{ name: 'Ada', age: 36 }, false] },
  { name: 'ajv', version: '8.20.0', ...none, gives: [true, false, 'required'] },
  { name: 'jsdom', version: '26.1.0', ...none, gives: 'a!' },
  { name: '@langchain/core', version: '1.4.0', ...none, gives: 'SAY HELLO' },
  { name: 'date-fns', version: '4.4.0', ...none, gives: '2024-03-01' },
  { name: 'luxon', version: '3.7.2', ...none, gives: '2024-07-01T14:00:00.000+02:00' },
  { name: 'moment', version: '2.30.1', ...none, gives: '2024-03-01' },
  { name: 'lodash', version: '4.18.1', ...none, gives: { odd: [1, 3], even: [2, 4] } },
  { name: 'rxjs', version: '7.8.2', ...none, gives: 20 },
  { name: 'marked', version: '16.4.1', ...none, gives: '<h1>a</h1>\n<p><em>b</em></p>\n' },
  { name: 'handlebars', version: '4.7.10', ...none, gives: '<a><b>' },
  { name: 'js-yaml', version: '4.1.1', ...none, gives: { a: [1, 2], b: 'text' } },
  { name: 'fast-xml-parser', version: '5.12.1', ...none, gives: { a: { c: 2, '@_b': '1' } } },
  { name: 'nanoid', version: '5.1.6', ...none, gives: [21, 100] },
  { name: 'uuid', version: '13.0.0', ...none, gives: [true, 'cfbff0d1-9375-5685-968c-48ce8b15ae17'] },
  { name: 'jsonwebtoken', version: '9.0.3', ...none, gives: { a: 1 } },
  { name: 'jose', version: '6.1.2', ...none, gives: { a: 1 } },
  { name: 'sanitize-html', version: '2.18.1', ...none, gives: '<p>a</p>' },
  { name: 'mathjs', version: '15.1.0', ...none, gives: [5, '5.08 cm'] },
  { name: 'graphql', version: '16.12.0', ...none, gives: 'hello Ada' },
  { name: 'mime', version: '4.1.0', ...none, gives: ['application/json', 'html'] },
  { name: 'iconv-lite', version: '0.7.0', ...none, gives: 'gr\u00FC\u00DFe' },
  { name: 'natural', version: '8.1.1', ...none, gives: ['run', 3] },
  {
    name: 'svgo',
    version: '4.0.0',
    ...none,
    gives: '<svg xmlns="http://www.w3.org/2000/svg"><path fill="red" d="M0 0h1v1H0z"/></svg>',
  },
  { name: 'terser', version: '5.44.1', ...none, gives: '' },
  {
    name: '@babel/core',
    version: '7.28.5',
    with: { '@babel/plugin-transform-nullish-coalescing-operator': '7.27.1' },
    ...none,
    gives: false,
  },
  { name: 'postcss', version: '8.5.6', ...none, gives: 'a { -x-b: c }' },
  { name: 'turndown', version: '7.2.2', ...none, gives: 'a\n=\n\n**b**' },
]
