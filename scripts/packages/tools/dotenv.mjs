import { join } from 'node:path'
import dotenv from 'dotenv'

export function job({ data }) {
  const { parsed, error } = dotenv.config({ path: join(data, 'settings.env'), quiet: true })
  if (error) throw error
  return [parsed, process.env.PLACE]
}
