/** One host: `host.mjs <engine> <settings as JSON>`. It prints `ready` and then serves the jobs of an engine until it is killed. */

import process from 'node:process'
import { Manager } from '../../index.js'

const [engine = '', text = '{}'] = process.argv.slice(2)
const settings = JSON.parse(text)
const manager = new Manager(settings.dir, { entrypointPath: settings.entrypoint, maxWorkers: 2, bunPermissions: ['--allow-read', '--allow-write=.'], ...settings.config })
await manager.ready()
const { serve } = await import(`./engines/${engine}.mjs`)
await serve(manager, settings)
console.log('ready')
