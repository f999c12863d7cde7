import argon2 from 'argon2'

export async function job() {
  const hash = await argon2.hash('secret', { memoryCost: 1024, timeCost: 2 })
  return [await argon2.verify(hash, 'secret'), await argon2.verify(hash, 'other')]
}
