/** Packages that start programs. */

const sources = ['main.ts', 'other.ts']

/** @type {import('../package.d.ts').Package[]} */
export default [
  {
    name: 'esbuild',
    version: '0.28.2',
    files: sources,
    flags: ['--allow-run={pkg}/node_modules/@esbuild/linux-x64/bin/esbuild', '--allow-read={data}'],
    gives: true,
  },
  {
    name: 'simple-git',
    version: '4.0.2',
    needs: ['git'],
    flags: ['--allow-run=git', '--allow-read={out}', '--allow-write={out}'],
    gives: [1, 'first', 'tool'],
  },
  { name: 'execa', version: '9.6.1', files: ['a.txt', 'main.js'], flags: ['--allow-run=ls', '--allow-read={data}'], gives: ['a.txt', 'main.js'] },
  { name: 'child-process', title: 'node:child_process', files: ['a.txt'], flags: ['--allow-run=cat', '--allow-read={data}'], gives: 'a\n' },
  {
    name: 'ffmpeg',
    title: "Debian's ffmpeg",
    needs: ['ffmpeg'],
    files: ['picture.png'],
    flags: ['--allow-run=ffmpeg', '--allow-read={data},{out}', '--allow-write={out}'],
    // 16 by 8 points of three bytes, and the first of them is red.
    gives: [384, 255, 0, 0],
  },
  {
    name: '@modelcontextprotocol/sdk',
    version: '1.32.2',
    beside: { 'mcp-server.mjs': 'mcp-server.mjs' },
    flags: ['--allow-run={runtime}'],
    gives: '3',
  },
]
