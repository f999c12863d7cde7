import { testAttacks } from '../support/attacks.mjs'
import * as beyondLandlock from './beyond-landlock.mjs'

testAttacks(new URL('beyond-landlock.mjs', import.meta.url).href, beyondLandlock)
