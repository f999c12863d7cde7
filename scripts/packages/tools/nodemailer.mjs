import nodemailer from 'nodemailer'

export async function job({ smtp }) {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: smtp, secure: false, ignoreTLS: true })
  const { accepted } = await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', subject: 'hello', text: 'hello' })
  transport.close()
  return accepted
}
