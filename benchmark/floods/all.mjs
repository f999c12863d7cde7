/**
 * The floods: each is a hostile call that does one thing as often as it can. An entry names the tools of
 * __test__/fixtures/attacks/floods.mjs that do it, with which permissions they run, and what has to exist beforehand.
 */

import { startPeer } from './peer.mjs'

/** @typedef {{ port?: number, path: string }} Around the prepared port, and a file that no tool may read */

/**
 * @typedef {object} Flood
 * @property {string} name
 * @property {string} does for the table's reader
 * @property {(around: Around) => string[]} [flags] in Bun's spelling; nothing is allowed unless given
 * @property {Array<[tool: string, input: (around: Around) => object]>} calls one after the other, over and over; they last as
 *   long as the flood unless their input says how many `ms`
 * @property {number} [parallel] calls at once, 2 unless given
 * @property {object} [config] more of the attacked manager's configuration
 * @property {() => Promise<{ port: number, close(): void }>} [prepare]
 * @property {boolean} [churns] managers open and close in the same directory all the while, before the flood as well
 */

const toThePeer = ({ port }) => [`--allow-net=127.0.0.1:${port}`]
const withPort = ({ port }) => ({ port })
const nothing = () => ({})

/** @type {Flood[]} */
export const FLOODS = [
  { name: 'spin', does: 'only burns CPU, on one thread for each call: the control', calls: [['spin', nothing]] },
  { name: 'threads', does: 'holds 2,000 threads, then makes more that come and go', calls: [['threads', () => ({ most: 2000 })]] },
  { name: 'forks', does: '64 threads fork, which is refused', calls: [['forks', nothing]] },
  {
    name: 'sendto',
    does: '200 threads send to a peer that never reads',
    prepare: () => startPeer({ backlog: 1024 }),
    flags: toThePeer,
    calls: [['sends', withPort]],
  },
  {
    name: 'connect',
    does: '200 threads connect to a full backlog',
    prepare: () => startPeer({ backlog: 1 }),
    flags: toThePeer,
    calls: [['connects', withPort]],
  },
  {
    name: 'flock',
    does: 'takes every lock in .toolwarden while managers open and close there',
    calls: [['locks', nothing]],
    churns: true,
  },
  { name: 'progress', does: 'reports progress, 100 bytes a time and now and then 256 KiB', calls: [['progress', nothing]] },
  { name: 'logs', does: 'prints lines, and raw bytes beside them', calls: [['logs', nothing]] },
  {
    name: 'deep values',
    does: 'reports and returns arrays 9,000 deep',
    calls: [['deep', () => ({ depth: 9000, ms: 500 })]],
  },
  {
    name: 'denials',
    does: '32 threads connect and execute what is refused; then opens of a file that is',
    flags: () => ['--allow-net=127.0.0.1:9', '--allow-run=/bin/true'],
    calls: [
      ['denials', () => ({ port: 10, ms: 1500 })],
      ['opens', ({ path }) => ({ path, ms: 500 })],
    ],
  },
  {
    name: 'memory',
    does: 'takes 512 MiB as fast as it goes, of 256 MiB it may: buffers, then shared memory',
    config: { maxMemoryMb: 256 },
    calls: [
      ['memory', () => ({ kind: 'buffers', mib: 512, ms: 200 })],
      ['memory', () => ({ kind: 'shared', mib: 512, ms: 200 })],
    ],
  },
]
