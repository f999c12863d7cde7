import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'

export async function job({ http }) {
  const client = new S3Client({ endpoint: `http://127.0.0.1:${http}`, forcePathStyle: true, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 })
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' }))
  return Body.transformToString()
}
