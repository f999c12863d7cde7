import { SignJWT, generateKeyPair, jwtVerify } from 'jose'

export async function job() {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)
  return (await jwtVerify(token, publicKey)).payload
}
