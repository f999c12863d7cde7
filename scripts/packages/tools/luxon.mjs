import { DateTime } from 'luxon'

/** Needs the time zones of the runtime. */
export const job = () => DateTime.fromISO('2024-07-01T12:00:00Z', { zone: 'Europe/Berlin' }).toISO()
