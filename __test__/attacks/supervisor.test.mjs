import { testAttacks } from '../support/attacks.mjs'
import * as supervisor from './supervisor.mjs'

testAttacks(new URL('supervisor.mjs', import.meta.url).href, supervisor)
