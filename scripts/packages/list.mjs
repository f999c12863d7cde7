/** All packages that are tried, in the order of the table. */

import computing from './list/computing.mjs'
import databases from './list/databases.mjs'
import files from './list/files.mjs'
import native from './list/native.mjs'
import network from './list/network.mjs'
import programs from './list/programs.mjs'
import servers from './list/servers.mjs'

/** @type {import('./package.d.ts').Package[]} */
export const packages = [...native, ...databases, ...network, ...programs, ...servers, ...files, ...computing]
