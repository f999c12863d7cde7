import bcrypt from 'bcrypt'

export async function job() {
  const hash = await bcrypt.hash('secret', 4)
  return [await bcrypt.compare('secret', hash), await bcrypt.compare('other', hash)]
}
