import { google } from 'googleapis'

export async function job({ http }) {
  const drive = google.drive({ version: 'v3', auth: 'key', rootUrl: `http://127.0.0.1:${http}/` })
  const { data } = await drive.files.list()
  return data.files.map((file) => file.name)
}
