import mysql from 'mysql2/promise'

export async function job({ mysql: port }) {
  const connection = await mysql.createConnection({ host: '127.0.0.1', port, user: 'tool', password: 'secret' })
  const [rows] = await connection.execute('SELECT ? + 1 AS more', [4])
  await connection.end()
  return rows.map((row) => Number(row.more))
}
