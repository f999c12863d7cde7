import { testAttacks } from '../support/attacks.mjs'
import * as devices from './devices.mjs'

testAttacks(new URL('devices.mjs', import.meta.url).href, devices)
