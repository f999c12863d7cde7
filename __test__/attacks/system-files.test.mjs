import { testAttacks } from '../support/attacks.mjs'
import * as systemFiles from './system-files.mjs'

testAttacks(new URL('system-files.mjs', import.meta.url).href, systemFiles)
