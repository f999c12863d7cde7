import { testAttacks } from '../support/attacks.mjs'
import * as processes from './processes.mjs'

testAttacks(new URL('processes.mjs', import.meta.url).href, processes)
