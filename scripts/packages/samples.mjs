/** The sample files that jobs read, by name. */

import { Buffer } from 'node:buffer'
import { crc32, deflateSync } from 'node:zlib'

/** @param {string} kind @param {Buffer} content */
function pngChunk(kind, content) {
  const body = Buffer.concat([Buffer.from(kind), content])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(content.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

/** A red picture of 16 by 8 pixels. */
function png() {
  const header = Buffer.from([0, 0, 0, 16, 0, 0, 0, 8, 8, 2, 0, 0, 0])
  const row = Buffer.from([0, ...Array.from({ length: 16 }, () => [255, 0, 0]).flat()])
  return Buffer.concat([
    Buffer.from('\u0089PNG\r\n\u001A\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: 8 }, () => row)))),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

/** A PDF with one page that says hello. */
function pdf() {
  const stream = 'BT /F1 20 Tf 10 50 Td (hello) Tj ET'
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let text = '%PDF-1.4\n'
  const places = objects.map((object, index) => {
    const place = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return `${String(place).padStart(10, '0')} 00000 n \n`
  })
  const table = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join('')}`
  return `${text}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`
}

/** An archive with a.txt, which is stored without compression. */
function zip() {
  const name = Buffer.from('a.txt')
  const content = Buffer.from('a\n')
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(content.length, 14)
  common.writeUInt32LE(content.length, 18)
  common.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), common, name, content])
  const central = Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), common, Buffer.alloc(14), name])
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}

/** Two words. */
const tokens = JSON.stringify({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: 'Whitespace' },
  post_processor: null,
  decoder: null,
  model: { type: 'WordLevel', vocab: { hello: 0, world: 1, '[UNK]': 2 }, unk_token: '[UNK]' },
})

/** @type {Record<string, () => string | Buffer>} */
export const samples = {
  'a.txt': () => 'a\n',
  'sub/b.txt': () => 'b\n',
  'picture.png': png,
  'letter.pdf': pdf,
  'a.zip': zip,
  'a.yaml': () => 'a: [1, 2]\n',
  'sales.csv': () => 'name,price\npen,2\nink,5\n',
  'page.html': () => '<ul><li>a</li><li>b</li></ul>\n',
  'page.ejs': () => 'hello <%= name %>\n',
  'page.njk': () => 'hello {{ name }}\n',
  'settings.env': () => 'PLACE=here\n',
  'main.scss': () => "@use 'other';\na { color: other.$colour; }\n",
  '_other.scss': () => '$colour: red;\n',
  'main.js': () => "let a   = 'b';\n",
  '.prettierrc': () => '{ "semi": false, "singleQuote": true }\n',
  'main.ts': () => "import { text } from './other.ts'\nconst wrong: number = text\nconsole.log(wrong)\n",
  'other.ts': () => "export const text = 'from the other file'\n",
  'main.mjs': () => "import { text } from './other.mjs'\nconsole.log(text)\n",
  'other.mjs': () => "export const text = 'from the other file'\n",
  'tiny/tokenizer.json': () => tokens,
  'tiny/tokenizer_config.json': () => JSON.stringify({ tokenizer_class: 'PreTrainedTokenizer', unk_token: '[UNK]' }),
  'tiny/config.json': () => JSON.stringify({ model_type: 'bert' }),
}
